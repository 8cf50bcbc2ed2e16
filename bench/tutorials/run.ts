import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sharedData } from '../../src/base/testing.ts'
import { serveFolder, writeEra5Like } from './era5-store.ts'
import { expected } from './expected.ts'
import { stepsOf, withGiven } from './page.ts'

/**
 * Follows every tutorial in docs/tutorials/ (or those named) to the letter, each in an empty folder with the built
 * package installed: files are written as shown, commands run as they stand. What is made small is outside them: the
 * data that variables point to (`given`), and periods and sizes of training (`small`, given to `align-da train` behind
 * its own arguments). Blocks about data that is not here are left out. What a page prints has to be as `expected`.
 */
const root = dirname(fileURLToPath(new URL('../../package.json', import.meta.url)))
const tutorials = join(root, 'docs/tutorials')
const small = [
  ...[
    'forecast.width=64',
    'forecast.blocks=1',
    'forecast.hidden=64',
    'forecast.batch=2',
    'forecast.steps=20',
  ],
  ...['forecast.warmup=2', 'forecast.validateEvery=10', 'forecast.rollout={leads: 2, batch: 1, steps: 2}'],
  ...['latent.channels=12', 'latent.steps=0', 'latent.blocks=0', 'prior.coupling.axes=8'],
  ...[
    'prior.width=64',
    'prior.heads=2',
    'prior.blocks=1',
    'prior.leads=[1,2]',
    'prior.every=1',
    'prior.batch=2',
  ],
  ...['prior.steps=4', 'prior.warmup=1'],
  // The samples cover five days: four to train on, one to validate.
  'data.training={start: 1984-05-01, end: 1984-05-04}',
  'data.validation={start: 1984-05-05, end: 1984-05-05}',
]

const started = performance.now()
const wanted = process.argv.slice(2).filter((a) => a !== '--no-build')
const pages = (await readdir(tutorials)).filter(
  (f) => f.endsWith('.md') && (!wanted.length || wanted.includes(f.slice(0, -3))),
)
if (!process.argv.includes('--no-build'))
  await command('npm', ['run', '--silent', 'build'], root, process.env)
const work = await mkdtemp(join(tmpdir(), 'align-da-tutorials-'))
await writeEra5Like(join(work, 'served/era5.zarr'))
const server = await serveFolder(join(work, 'served'))
try {
  await mkdir(join(work, 'bin'))
  const shim = `#!/usr/bin/env bash
# The command of an installed package; training is made small.
if [ "$1" = train ]; then set -- "$@" ${small.map((s) => `--set '${s}'`).join(' ')}; fi
exec ${JSON.stringify(process.execPath)} ${JSON.stringify(join(root, 'dist/cli/main.js'))} "$@"
`
  await writeFile(join(work, 'bin/align-da'), shim)
  await chmod(join(work, 'bin/align-da'), 0o755)
  const sondes = sharedData && join(sharedData, 'real/gdas.20201101.t12z.ADPUPA.prepbufr')
  const given = {
    ...{ ERA5: `${server.address}/era5.zarr`, FIRST: '1984-05-01', LAST: '1984-05-05' },
    SONDES: sondes && existsSync(sondes) ? sondes : undefined,
  }
  const env = {
    ...{ ...process.env, PATH: `${join(work, 'bin')}:${process.env.PATH}`, NO_COLOR: '1' },
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  }
  for (const page of pages) {
    const begun = performance.now()
    const folder = join(work, page.slice(0, -3))
    await mkdir(join(folder, 'node_modules'), { recursive: true })
    await symlink(root, join(folder, 'node_modules/align-da'))
    // One shell for the whole page, so that variables set in one block hold in the next.
    const script = ['set -euo pipefail']
    const steps = stepsOf(await readFile(join(tutorials, page), 'utf8'))
    if (!steps.some((s) => s.kind === 'commands')) throw new Error(`${page} has no commands`)
    for (const step of steps) {
      if (step.kind === 'commands') script.push(`echo '## ${page}:${step.line}'`, withGiven(step.text, given))
      else {
        await mkdir(dirname(join(folder, step.name)), { recursive: true })
        await writeFile(join(folder, step.name), step.text)
      }
    }
    const output = await command('bash', ['-c', script.join('\n')], folder, env)
    if (!(expected[page]?.(output) ?? true)) throw new Error(`${page} does not show what it should`)
    console.log(`\n== ${page}: ${((performance.now() - begun) / 1000).toFixed(0)} s\n`)
  }
  if (pages.some((p) => p.startsWith('era5')) && server.requests() < 20)
    throw new Error('the served store was hardly read')
  console.log(`${pages.length} tutorials followed in ${((performance.now() - started) / 1000).toFixed(0)} s`)
} finally {
  server.close()
  await rm(work, { recursive: true, force: true })
}

/** Runs a command beside the server, its output shown; resolves to what it printed. */
function command(
  file: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk
      process.stdout.write(chunk)
    })
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`${file} ${args[0]} ended with ${code} in ${cwd}`)),
    )
  })
}
