import { execFileSync } from 'node:child_process'
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { stream } from '../src/random/stream.ts'
import { printTable, type Row } from '../src/report/table.ts'
import { type Command, prepared, smallWorld } from './interruptions/commands.ts'
import { differences, exceptions, filesOf, plantHalves } from './interruptions/files.ts'
import { type Disturbance, runDisturbed } from './interruptions/process.ts'

/**
 * Stops commands that go on (train, align, evaluate) and the demo by Ctrl-C and kill -9 in turn at random moments, runs
 * them again, and compares all that they wrote with what an undisturbed run wrote. Where a run comes to its end before
 * its moment it is compared, and the next begins anew. Ends with 1 where a bit differs, Ctrl-C does not exit with 130
 * or leaves what it was writing, a process outlives the one that started it, or a half-written file is taken for a
 * result: such are laid beside all results before each run.
 *
 *   npm run test:interruptions -- [--only NAME]... [--count 10] [--seed 1] [--source]
 *
 * It runs a build of its own, so that files may be edited meanwhile; with --source the source through tsx.
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    count: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    source: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const root = fileURLToPath(new URL('..', import.meta.url))
const work = await mkdtemp(join(tmpdir(), 'align-da-interruptions-'))
const started = performance.now()
const say = (text: string) =>
  console.log(`${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s  ${text}`)
const faults: string[] = []
const fault = (text: string) => {
  faults.push(text)
  say(`FAULT  ${text}`)
}

const program = values.source
  ? ['--import', import.meta.resolve('tsx'), join(root, 'src/cli/main.ts')]
  : [await build(join(work, 'package'))]
const { commands, remove } = await smallWorld(work, join(root, 'configs'))
const wanted = commands.filter(({ name }) => values.only?.some((o) => name.startsWith(o)) ?? true)
const undisturbed = (name: string) => join(work, name.replaceAll(/\W+/g, '-'), 'A')
const begun = new Map<string, number>()
try {
  const rows: Row[] = []
  for (const command of wanted) rows.push(await interrupt(command))
  console.log()
  printTable(rows)
  console.log(`\nLeft out of comparisons:\n${exceptions.map((e) => `  ${e}`).join('\n')}`)
  if (faults.length > 0) console.log(`\n${faults.length} faults:\n${faults.map((f) => `  ${f}`).join('\n')}`)
} finally {
  await remove()
  if (!values.keep) await rm(work, { recursive: true, force: true })
}
process.exitCode = faults.length > 0 ? 1 : 0

/** A command and those it rests on, run without disturbance, once; seconds. */
async function plain(command: Command): Promise<number> {
  const known = begun.get(command.name)
  if (known !== undefined) return known
  for (const before of needs(command)) await plain(before)
  const folder = await prepared(command, undisturbed(command.name), undisturbed)
  const seconds = await whole(command, folder)
  begun.set(command.name, seconds)
  say(`${command.name}, undisturbed: ${seconds.toFixed(1)} s`)
  return seconds
}

function needs({ name }: Command): Command[] {
  if (name === 'demo' || name === 'train') return []
  return commands.filter((c) => c.name === (name === 'align train' ? 'align candidates' : 'train'))
}

/** Lets a command come to its end, and those that follow it. */
async function whole({ name, args, after = [] }: Command, folder: string): Promise<number> {
  const { code, seconds, said } = await runDisturbed([...program, ...args], folder)
  if (code !== 0) throw new Error(`${name} ended with ${code}:\n${said}`)
  for (const next of after) {
    const { code, said } = await runDisturbed([...program, ...next], folder)
    if (code !== 0) throw new Error(`${next.join(' ')} ended with ${code}:\n${said}`)
  }
  return seconds
}

/** Interrupts a command `count` times, runs it again each time, and compares what came of it. */
async function interrupt(command: Command): Promise<Row> {
  const { name, args } = command
  const seconds = await plain(command)
  const count = Number(values.count)
  const share = stream(Number(values.seed), 'moments', name).uniform(new Float64Array(count))
  const results = (await filesOf(undisturbed(name))).whole
  const fresh = async (i: number) => prepared(command, join(undisturbed(name), `../B${i}`), undisturbed)
  const moments: string[] = []
  const codes: (number | string)[] = []
  const sum = { folders: 1, slowest: 0, left: 0, orphans: 0, differ: 0 }
  let folder = await fresh(sum.folders)
  const compare = async () => {
    const differ = await differences(undisturbed(name), folder)
    sum.differ += differ.length
    if (differ.length > 0) fault(`${name}: ${differ.join(', ')} differ after an interruption (${folder})`)
    else if (!values.keep) await rm(folder, { recursive: true })
  }
  const extra = async () => (await filesOf(folder)).unfinished.length
  for (let i = 0; i < count; i++) {
    const signal: Disturbance = i % 2 ? 'SIGKILL' : 'SIGINT'
    for (let moment = share[i] * seconds; ; moment *= 0.8) {
      await plantHalves(undisturbed(name), folder, results)
      const before = await extra()
      const run = await runDisturbed([...program, ...args], folder, { signal, moment })
      const { code, disturbed, lingering, orphans, said } = run
      if (disturbed && code === (signal === 'SIGINT' ? 130 : 'SIGKILL')) {
        const left = (await extra()) - before
        if (signal === 'SIGINT' && left > 0)
          fault(`${name}: Ctrl-C at ${moment.toFixed(2)} s left ${left} unfinished`)
        if (orphans > 0) fault(`${name}: ${orphans} processes outlived ${signal} at ${moment.toFixed(2)} s`)
        moments.push(moment.toFixed(1))
        codes.push(code)
        sum.slowest = Math.max(sum.slowest, lingering)
        sum.left += signal === 'SIGKILL' ? left : 0
        sum.orphans += orphans
        say(`${name}: ${signal} at ${moment.toFixed(2)} s, over after ${lingering.toFixed(2)} s`)
        break
      }
      if (code !== 0) {
        codes.push(code)
        moments.push(moment.toFixed(1))
        fault(`${name}: ended with ${code}, ${signal} at ${moment.toFixed(2)} s:\n${said.slice(-600)}`)
        break
      }
      // It was done before its moment, or so nearly that it was done before it could hear.
      if (lingering > 10) fault(`${name}: ${signal} at ${moment.toFixed(2)} s was not heard`)
      for (const next of command.after ?? []) await runDisturbed([...program, ...next], folder)
      await compare()
      folder = await fresh(++sum.folders)
      say(`${name}: done after ${run.seconds.toFixed(1)} s, begun anew`)
    }
  }
  await plantHalves(undisturbed(name), folder, results)
  await whole(command, folder)
  await compare()
  return {
    command: name,
    'undisturbed, s': seconds,
    interruptions: codes.length,
    'Ctrl-C, kill -9 in turn at s': moments.join(' '),
    'exit codes': [...new Set(codes)].map((c) => `${c} x ${codes.filter((d) => d === c).length}`).join(', '),
    'over after s': sum.slowest,
    runs: sum.folders,
    'unfinished files of kill -9': sum.left,
    orphans: sum.orphans,
    'same bits': sum.differ === 0,
  }
}

/** Builds the package into a folder beside what ships with it; the path of its program. */
async function build(folder: string): Promise<string> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist')], {
    cwd: root,
    stdio: 'inherit',
  })
  for (const name of ['package.json', 'models', 'samples'])
    await cp(join(root, name), join(folder, name), { recursive: true })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  say('built')
  return join(folder, 'dist/cli/main.js')
}
