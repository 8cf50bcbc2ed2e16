import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AlignDaError } from '../../base/errors.ts'
import { runScript } from './child.ts'
import { Reproduction } from './engine.ts'
import { dependents, type Stage } from './stage.ts'

let folder: string
/** Names of the stages in the order in which they ran. */
let ran: string[]
/** What each stage writes into its file besides what it read: changes where its settings do. */
let words: Record<string, string>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'align-da-reproduce-'))
  ran = []
  words = { a: 'one', b: 'two', c: 'three', d: 'four' }
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const path = (...names: string[]) => join(folder, ...names)
const file = (name: string) => path(`${name}.txt`)
const read = (name: string) => readFile(file(name), 'utf8')

/** A stage that writes a file of its own word and the files of those it needs. */
function stage(name: string, needs: string[], more: Partial<Stage> = {}): Stage {
  return {
    ...{ name, what: `makes ${name}`, needs, settings: words[name], writes: [file(name)] },
    async run() {
      ran.push(name)
      const given = await Promise.all(needs.map(read))
      await writeFile(file(name), [words[name], ...given].join(' '))
    },
    ...more,
  }
}
/** b and c need a, d needs c. */
const four = (more: Record<string, Partial<Stage>> = {}) => [
  stage('a', [], more.a),
  stage('b', ['a'], more.b),
  stage('c', ['a'], more.c),
  stage('d', ['c'], more.d),
]
const open = (stages: readonly Stage[]) =>
  new Reproduction(folder, stages, { command: 'test', node: process.version, cores: 1 })
const states = async (stages: readonly Stage[]) => (await open(stages).plan()).map((row) => row.why)

describe('a reproduction', () => {
  it('does stages in order, and none again', async () => {
    expect(await states(four())).toEqual(['not done yet', 'after a', 'after a', 'after c'])
    await open(four()).run()
    expect(ran).toEqual(['a', 'b', 'c', 'd'])
    expect(await read('d')).toBe('four three one')
    await open(four()).run()
    expect(ran).toHaveLength(4)
    expect(await states(four())).toEqual(['', '', '', ''])
  })

  it('does a stage whose settings changed again, with all that depend on it, and clears what is in the way', async () => {
    const clears = { c: { clears: [path('scratch')] } }
    await open(four(clears)).run()
    await mkdir(path('scratch'))
    words.c = 'drei'
    expect(await states(four(clears))).toEqual(['', '', 'what it depends on has changed', 'after c'])
    await open(four(clears)).run()
    expect(ran.slice(4)).toEqual(['c', 'd'])
    expect(await read('d')).toBe('four drei one')
    expect(existsSync(path('scratch'))).toBe(false)
  })

  it('makes a missing or altered file again; what comes after stays where it comes out as it was', async () => {
    await open(four()).run()
    await rm(file('a'))
    expect(await states(four())).toEqual(['its files are missing', 'after a', 'after a', 'after c'])
    await open(four()).run()
    await writeFile(file('c'), 'tampered')
    await open(four()).run()
    expect(ran.slice(4)).toEqual(['a', 'c'])
    expect(await read('c')).toBe('three one')
  })

  it('redoes what comes after a stage that came out otherwise than before', async () => {
    await open(four()).run()
    await rm(file('c'))
    const other = { c: { run: () => writeFile(file('c'), 'by chance something else') } }
    await open(four(other)).run()
    expect(ran.slice(4)).toEqual(['d'])
    expect(await read('d')).toBe('four by chance something else')
  })

  it('goes on after a failure that names the stage, and adds up the time', async () => {
    const pause = () => new Promise((resolve) => setTimeout(resolve, 220))
    const failing = {
      c: {
        clears: [path('half')],
        async run() {
          await writeFile(path('half'), 'so far')
          await pause()
          throw new AlignDaError('the disk is full')
        },
      },
    }
    await expect(open(four(failing)).run()).rejects.toThrow(/stage c failed.*\nthe disk is full/)
    const [, , c] = await open(four()).plan()
    expect(c.why).toMatch(/^stopped after/)
    expect(c.seconds).toBeGreaterThanOrEqual(0.2)
    const whole = { c: { clears: [path('half')], run: () => pause().then(() => writeFile(file('c'), 'x')) } }
    await open(four(whole)).run()
    expect(ran).toEqual(['a', 'b', 'd'])
    const [, , after] = await open(four(whole)).plan()
    expect(after).toMatchObject({ done: true })
    expect(after.seconds).toBeGreaterThanOrEqual(0.4)
    // The second try had the same inputs: what the first had left was there for it.
    expect(await readFile(path('half'), 'utf8')).toBe('so far')
  })

  it('fails a stage that leaves less than it says', async () => {
    await expect(open([stage('a', [], { run: async () => {} })]).run()).rejects.toThrow(/it left no .*a\.txt/)
  })

  it('does chosen stages alone, and one with its dependents from the beginning', async () => {
    await expect(open(four()).run({ only: ['d'] })).rejects.toThrow(
      /stage d needs c, which is to be done first/,
    )
    await open(four()).run({ only: ['a', 'c'] })
    expect(ran).toEqual(['a', 'c'])
    await open(four()).run()
    expect((await open(four()).plan('c')).map((row) => row.why)).toEqual([
      '',
      '',
      'from the beginning',
      'after c',
    ])
    await open(four()).run({ from: 'c' })
    expect(ran).toEqual(['a', 'c', 'b', 'd', 'c', 'd'])
    expect(dependents(four(), 'a').map((s) => s.name)).toEqual(['a', 'b', 'c', 'd'])
    await expect(open(four()).run({ only: ['bb'] })).rejects.toThrow(
      /there is no stage bb .*; the stages are a, b, c, d/,
    )
  })

  it('refuses stages out of order and a state file that is none', async () => {
    expect(() => open([stage('b', ['a']), stage('a', [])])).toThrow(
      /stage b needs a, which does not come before/,
    )
    await writeFile(path('reproduce.json'), '{"stages": 1}')
    expect(() => open(four())).toThrow(/reproduce\.json does not say what has been done/)
  })
})

describe('a script in a process of its own', () => {
  it('gets its arguments, and a failure has its exit code', async () => {
    const script = path('work.mjs')
    await writeFile(
      script,
      `import { writeFileSync } from 'node:fs'
      const [to, code] = process.argv.slice(2)
      writeFileSync(to, 'written'); process.exit(Number(code))`,
    )
    await runScript(script, [file('a'), '0'])
    expect(await read('a')).toBe('written')
    const stages = [stage('a', [], { run: () => runScript(script, [file('a'), '3']) })]
    await expect(open(stages).run()).rejects.toThrow(/stage a failed.*\n.*work\.mjs .* ended with code 3/)
  })

  it('ends with the process that began it; the time until then is kept', async () => {
    const engine = pathToFileURL(fileURLToPath(new URL('./engine.ts', import.meta.url))).href
    const child = pathToFileURL(fileURLToPath(new URL('./child.ts', import.meta.url))).href
    const script = path('endless.mjs')
    await writeFile(script, `process.stderr.write('pid ' + process.pid + '\\n'); setInterval(() => {}, 1000)`)
    const main = path('main.mjs')
    await writeFile(
      main,
      `import { Reproduction } from '${engine}'
      import { interruptScripts, runScript } from '${child}'
      process.on('SIGINT', () => void interruptScripts().then(() => process.exit(130)))
      const stage = { name: 'a', what: '', needs: [], settings: {}, writes: [], run: () => runScript('${script}', []) }
      await new Reproduction('${folder}', [stage], { command: '', node: '', cores: 1 }).run().catch(() => new Promise(() => {}))`,
    )
    const parent = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), main])
    let said = ''
    const pid = await new Promise<number>((resolve, reject) => {
      parent.on('close', () => reject(new Error(said)))
      parent.stderr.on('data', (chunk) => {
        said += chunk
        const found = /pid (\d+)/.exec(said)
        if (found) resolve(Number(found[1]))
      })
    })
    parent.removeAllListeners('close')
    const ended = new Promise((resolve) => parent.on('close', resolve))
    await new Promise((resolve) => setTimeout(resolve, 150))
    parent.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(() => process.kill(pid, 0)).toThrow()
    const state = JSON.parse(await readFile(path('reproduce.json'), 'utf8'))
    expect(state.stages.a.ended).toBeUndefined()
    expect(state.stages.a.seconds).toBeGreaterThanOrEqual(0.1)
  }, 60_000)
})
