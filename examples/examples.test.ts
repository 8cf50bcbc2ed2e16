import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openStates } from '../src/index.ts'

/** Every example is run as it stands, in an empty folder, and has to show what it claims. */
const root = fileURLToPath(new URL('..', import.meta.url))
const patience = 300_000
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'align-da-examples-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function example(name: string): Promise<string> {
  const argv = ['--import', import.meta.resolve('tsx'), join(root, 'examples', name)]
  const env = { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json'), NO_COLOR: '1' }
  const child = spawn(process.execPath, argv, { cwd: folder, env })
  let text = ''
  child.stdout.on('data', (chunk) => (text += chunk))
  child.stderr.on('data', (chunk) => (text += chunk))
  return new Promise((resolve, reject) =>
    child.on('close', (code) => (code === 0 ? resolve(text) : reject(new Error(`${name}: ${text}`)))),
  )
}

/** The numbers behind a name in what an example printed. */
const numberAfter = (text: string, name: string) =>
  Number(new RegExp(`${name}[^0-9]* ([0-9.]+)`).exec(text)?.[1])

it('are what the README shows', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const shown = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code)
  const files = ['assimilate.ts', 'two-moons.ts']
  expect(shown).toEqual(
    await Promise.all(files.map((name) => readFile(join(root, 'examples', name), 'utf8'))),
  )
})

it(
  'draws a map',
  async () => {
    await example('plot-map.ts')
    const png = await readFile(join(folder, 'map.png'))
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    expect(png.length).toBeGreaterThan(50_000)
  },
  patience,
)

it(
  'forecasts better than persistence',
  async () => {
    const lines = (await example('forecast.ts')).trim().split('\n')
    expect(lines).toHaveLength(8)
    for (const line of lines)
      expect(numberAfter(line, 'MSE')).toBeLessThan(numberAfter(line, 'persistence') / 3)
  },
  patience,
)

it(
  'samples the prior',
  async () => {
    const spread = numberAfter(await example('sample-prior.ts'), 'spread')
    expect(spread).toBeGreaterThan(0.05)
    expect(spread).toBeLessThan(0.3)
  },
  patience,
)

it(
  'assimilates simulated observations',
  async () => {
    const text = await example('assimilate.ts')
    expect(numberAfter(text, 'analysis: MSE')).toBeLessThan(0.9 * numberAfter(text, 'background: MSE'))
  },
  patience,
)

it(
  'assimilates by a guidance of its own',
  async () => {
    const text = await example('own-guidance.ts')
    expect(numberAfter(text, 'steepest: MSE')).toBeLessThan(0.9 * numberAfter(text, 'none: MSE'))
  },
  patience,
)

it(
  'assimilates observations of its own kind',
  async () => {
    const lines = (await example('own-observation.ts')).trim().split('\n')
    expect(lines).toHaveLength(2)
    for (const line of lines)
      expect(numberAfter(line, 'analysis')).toBeLessThan(0.6 * numberAfter(line, 'background'))
  },
  patience,
)

it(
  'learns two moons',
  async () => {
    expect(await example('two-moons.ts')).toContain('training 100% 800/800')
    const png = await readFile(join(folder, 'two-moons.png'))
    expect(png.subarray(1, 4).toString()).toBe('PNG')
  },
  patience,
)

it(
  'writes an analysis of own files and observations, nearer to what was observed',
  async () => {
    const text = await example('own-files.ts')
    expect(text).not.toContain('far from the background')
    const fit = text.slice(text.indexOf('fit:'))
    expect(numberAfter(fit, 'analysis')).toBeLessThan(0.9 * numberAfter(fit, 'background'))
    const states = await openStates(join(folder, 'analysis.nc'), { workers: 0 })
    const temperature = (await states.read(0)).subarray(states.channels.index('t500') * states.grid.size)
    expect(new Date(states.times[0]).toISOString()).toMatch(/^1984-/)
    expect(temperature[0]).toBeGreaterThan(200)
    expect(temperature[0]).toBeLessThan(300)
    await states.close()
  },
  patience,
)
