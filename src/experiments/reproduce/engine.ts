import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AlignDaError, ConfigError } from '../../base/errors.ts'
import { clock } from '../../base/progress.ts'
import { contentHash, dependents, keysOf, type Stage, stageOf } from './stage.ts'
import { type Entry, readState, type State, writeState } from './stateFile.ts'

/** Where a stage stands. */
export interface Standing {
  readonly stage: string
  readonly what: string
  readonly done: boolean
  /** Why it is to be done; empty for one that is done. */
  readonly why: string
  /** Of all sittings so far. */
  readonly seconds: number
}

export interface RunChoice {
  /** These stages and no others. */
  readonly only?: readonly string[]
  /** This stage and all that depend on it, from the beginning, whether they are done or not. */
  readonly from?: string
  readonly say?: (line: string) => void
}

/** How often the seconds of a running stage are written, ms: what a kill may lose. */
const beat = 30_000

/** Stages in order, and what a folder knows of them: those that are done with the same inputs are not done again. */
export class Reproduction {
  readonly stages: readonly Stage[]
  private readonly path: string
  private readonly keys: ReadonlyMap<string, string>
  private readonly state: State

  /** @throws FormatError or ConfigError for a state file that cannot be read, and stages that are out of order */
  constructor(folder: string, stages: readonly Stage[], head: Omit<State, 'stages'>) {
    this.stages = stages
    this.path = join(folder, 'reproduce.json')
    this.keys = keysOf(stages)
    this.state = { ...head, stages: readState(this.path)?.stages ?? {} }
  }

  /** Where all stages stand, and would with `from`; those that need one that is to be done come after it. */
  async plan(from?: string): Promise<Standing[]> {
    const first = from === undefined ? undefined : stageOf(this.stages, from)
    const waiting = new Set<string>()
    const rows: Standing[] = []
    for (const stage of this.stages) {
      const need = stage.needs.find((n) => waiting.has(n))
      const own = stage === first ? 'from the beginning' : ''
      const why = own || (need ? `after ${need}` : await this.why(stage))
      if (why) waiting.add(stage.name)
      const seconds = this.state.stages[stage.name]?.seconds ?? 0
      rows.push({ stage: stage.name, what: stage.what, done: !why, why, seconds })
    }
    return rows
  }

  /**
   * Does what is to be done.
   * @throws ConfigError for stages that do not exist, or need others that are neither done nor chosen
   * @throws AlignDaError that names the stage that failed; a defect is thrown as it is
   */
  async run({ only, from, say = () => {} }: RunChoice = {}): Promise<void> {
    const again = from === undefined ? [] : dependents(this.stages, from)
    const chosen = only?.map((name) => stageOf(this.stages, name)) ?? (from ? again : this.stages)
    for (const stage of this.stages.filter((s) => chosen.includes(s))) {
      const place = `[${this.stages.indexOf(stage) + 1}/${this.stages.length}] ${stage.name}`
      const anew = again.includes(stage)
      const why = anew ? 'from the beginning' : await this.why(stage)
      if (!why) {
        say(`${place}: done before`)
        continue
      }
      for (const need of stage.needs) {
        const missing = await this.why(stageOf(this.stages, need))
        if (missing)
          throw new ConfigError(
            `stage ${stage.name} needs ${need}, which is to be done first (${missing}): name it too, or leave out --only and --from`,
          )
      }
      say(`${place}: ${stage.what} (${why})`)
      const entry = await this.begin(stage, anew)
      await this.work(stage, entry)
      say(`${place}: took ${clock(entry.seconds)}`)
    }
  }

  /** Why a stage is to be done; empty for one that is done. */
  private async why({ name, needs, writes }: Stage): Promise<string> {
    const entry = this.state.stages[name]
    if (!entry) return 'not done yet'
    if (entry.key !== this.keys.get(name)) return 'what it depends on has changed'
    const other = needs.find((need) => entry.given[need] !== this.state.stages[need]?.outputs)
    if (other) return `the files of ${other} have changed`
    if (!entry.ended) return `stopped after ${clock(entry.seconds)}`
    const outputs = await contentHash(writes)
    if (outputs === undefined) return 'its files are missing'
    return outputs === entry.outputs ? '' : 'its files are not as it left them'
  }

  /** Takes up what an earlier try with the same inputs left, or clears it away. */
  private async begin({ name, needs, clears = [] }: Stage, anew: boolean): Promise<Entry> {
    const key = this.keys.get(name) as string
    const given = Object.fromEntries(needs.map((n) => [n, this.state.stages[n]?.outputs as string]))
    const before = this.state.stages[name]
    const same = before?.key === key && needs.every((n) => before.given[n] === given[n])
    const goesOn = same && !anew
    if (!goesOn) for (const path of clears) await rm(path, { recursive: true, force: true })
    const began = goesOn ? before.began : new Date().toISOString()
    const entry: Entry = { key, given, began, seconds: goesOn ? before.seconds : 0 }
    this.state.stages[name] = entry
    return entry
  }

  private async work(stage: Stage, entry: Entry): Promise<void> {
    const [begun, before] = [performance.now(), entry.seconds]
    const save = () => {
      entry.seconds = Math.round(10 * (before + (performance.now() - begun) / 1000)) / 10
      writeState(this.path, this.state)
    }
    save()
    // An interruption ends the process: the time so far counts.
    process.once('exit', save)
    const timer = setInterval(save, beat)
    try {
      await stage.run()
      const outputs = await contentHash(stage.writes)
      if (outputs === undefined)
        throw new AlignDaError(`it left no ${stage.writes.join(', ')}, or not all of these`)
      Object.assign(entry, { outputs, ended: new Date().toISOString() })
    } catch (error) {
      const said = `stage ${stage.name} failed; what is done is kept, the same command goes on`
      if (error instanceof AlignDaError) throw new AlignDaError(`${said}\n${error.message}`, { cause: error })
      process.stderr.write(`${said}\n`)
      throw error
    } finally {
      clearInterval(timer)
      process.removeListener('exit', save)
      save()
    }
  }
}
