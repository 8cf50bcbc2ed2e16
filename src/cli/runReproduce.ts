import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { ConfigError } from '../base/errors.ts'
import { writeFileAtomic } from '../base/files.ts'
import { clock } from '../base/progress.ts'
import { interruptScripts } from '../experiments/reproduce/child.ts'
import { loadPreset, type Preset, root } from '../experiments/reproduce/config.ts'
import { Reproduction, type Standing } from '../experiments/reproduce/engine.ts'
import { release, timesPage } from '../experiments/reproduce/release.ts'
import { stagesOf } from '../experiments/reproduce/stages.ts'
import { gitRevision } from '../experiments/run-record.ts'
import { printTable } from '../report/table.ts'
import { onInterrupt } from './run.ts'

export interface ReproduceOptions {
  preset: string
  data?: string
  out?: string
  set?: string[]
  quick?: boolean
  only?: string[]
  from?: string
  processes?: number
  device?: string
  release?: boolean
  dryRun?: boolean
}

/** Runs the stages of a preset that are to be done, and says what they took and what to open. */
export async function reproduce(options: ReproduceOptions): Promise<void> {
  const { preset: name, quick, set: settings = [], only, from, device } = options
  if (options.release && (quick || settings.length > 0))
    throw new ConfigError('--release is of the preset as it is: leave out --quick and --set')
  if (only && from) throw new ConfigError('--only and --from exclude each other')
  if (options.data !== undefined) process.env.ALIGN_DA_DATA = resolve(options.data)
  const out = options.out ?? `runs/reproduce-${name}${quick ? '-quick' : ''}`
  const preset = await loadPreset(name, { out, quick, settings })
  if (/\$\{ALIGN_DA_DATA\}/.test(preset.models.data.location) && !process.env.ALIGN_DA_DATA)
    throw new ConfigError('name the folder of the store with --data, or by the variable ALIGN_DA_DATA')
  const cores = availableParallelism()
  const command = `align-da reproduce --preset ${name}`
  const processes = options.processes ?? Math.min(2, cores)
  const stages = await stagesOf({ preset, device, processes, command })
  const head = { command, node: process.version, cores, revision: await gitRevision() }
  const reproduction = new Reproduction(out, stages, head)
  if (options.dryRun) return show(await reproduction.plan(from))

  const takeBack = onInterrupt(interruptScripts)
  try {
    await reproduction.run({ only, from, say: (line) => process.stderr.write(`\n${line}\n`) })
  } finally {
    takeBack()
  }
  const rows = await reproduction.plan()
  show(rows)
  if (rows.every((row) => row.done)) await finish(preset, rows, { cores, command }, options.release)
  else if (options.release) throw new ConfigError('--release needs all stages done; nothing was copied')
}

function show(rows: readonly Standing[]): void {
  console.log()
  printTable(
    rows.map(({ stage, what, done, why, seconds }) => ({
      ...{ stage, what, state: done ? 'done' : `to do: ${why}`, time: seconds > 0 ? clock(seconds) : '' },
    })),
  )
  const total = rows.reduce((sum, { seconds }) => sum + seconds, 0)
  const left = rows.filter((row) => !row.done).length
  console.log(
    `\ntotal ${clock(total)} on ${availableParallelism()} cores${left ? `; ${left} ${left === 1 ? 'stage' : 'stages'} to do` : ''}`,
  )
}

async function finish(
  preset: Preset,
  rows: readonly Standing[],
  facts: { cores: number; command: string },
  released?: boolean,
): Promise<void> {
  const { out } = preset
  await writeFileAtomic(join(out.docs, 'reproduce-times.md'), timesPage(rows, facts))
  if (released) for (const path of await release(preset, root)) console.log(`copied to ${path}`)
  const open = ['method-table.md', 'results/osse-density.png', 'results/alignment.json'].map((f) =>
    join(out.docs, f),
  )
  console.log(`Open ${open.filter((path) => existsSync(path)).join(', ')}; models are in ${out.models}`)
}
