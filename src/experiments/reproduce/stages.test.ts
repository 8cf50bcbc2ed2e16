import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { loadPreset } from './config.ts'
import { release, timesPage } from './release.ts'
import { keysOf, type Stage, sizesHash } from './stage.ts'
import { stagesOf } from './stages.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'align-da-preset-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
afterEach(() => vi.unstubAllEnvs())

async function smallStages(settings: string[] = [], { out = 'runs/here', quick = false } = {}) {
  vi.stubEnv('ALIGN_DA_DATA', folder)
  const preset = await loadPreset('small', { out, quick, settings })
  const stages = await stagesOf({ preset, processes: 1, command: 'align-da reproduce' })
  return { preset, stages, keys: keysOf(stages) }
}
const changed = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>) =>
  [...a].flatMap(([name, key]) => (b.get(name) === key ? [] : [name]))

it('goes from data to pages, each stage after those it reads, all files in one folder', async () => {
  const { stages, preset } = await smallStages()
  const names = stages.map((s) => s.name)
  const order = ['data', 'forecast', 'prior', 'candidates', 'pairs', ...preset.rules.map((r) => `align-${r}`)]
  const places = [...order, 'aligned', 'table'].map((name) => names.indexOf(name))
  expect(places).toEqual([...places].sort((a, b) => a - b))
  expect(places).not.toContain(-1)
  const paths = stages.flatMap((s: Stage) => [...s.writes, ...(s.clears ?? [])])
  expect(paths.filter((path) => !path.startsWith('runs/here/'))).toEqual([])
  // No two stages write the same file.
  const written = stages.flatMap((s) => s.writes)
  expect(new Set(written).size).toBe(written.length)
})

it('knows what a setting changes', async () => {
  const { keys } = await smallStages()
  const after = async (setting: string) => changed(keys, (await smallStages([setting])).keys)
  expect(await after('lorenz96.cycles=100')).toEqual(['lorenz96', 'table'])
  expect(await after('osse.dates=3')).toEqual(expect.arrayContaining(['tune', 'osse', 'table']))
  expect(await after('aligned.members=2').then((s) => s.toSorted())).toEqual(['aligned', 'table'])
  expect(await after('alignment.candidates=64')).toEqual(
    expect.arrayContaining(['candidates', 'pairs', 'aligned']),
  )
  expect(await after('alignment.candidates=64')).not.toContain('osse')
  expect(await after('alignment.training.rate=1')).toEqual(
    expect.arrayContaining(['align-M', 'losses', 'aligned']),
  )
  expect(await after('alignment.training.rate=1')).not.toContain('pairs')
  expect(await after('alignment.losses.steps=5')).toEqual(['losses'])
  expect(await after('models.prior.steps=5')).not.toContain('forecast')
  expect(await after('models.forecast.steps=5')).toEqual(expect.arrayContaining(['prior', 'models', 'table']))
  expect(await after('models.forecast.steps=5')).not.toContain('latent')
})

it('does not depend on where it writes, and takes the quick settings', async () => {
  const { keys } = await smallStages()
  expect(changed(keys, (await smallStages([], { out: join(folder, 'elsewhere') })).keys)).toEqual([])
  const { preset } = await smallStages([], { quick: true })
  expect(preset.models.prior.steps).toBeLessThan(10)
  expect(preset.osse.dates).toBeLessThan(5)
})

it('refuses settings of nothing, and presets that there are none of', async () => {
  await expect(smallStages(['prior.steps=5'])).rejects.toThrow(
    '--set prior.steps=5: it begins with models, alignment, osse, aligned, evaluation, lorenz96',
  )
  await expect(smallStages(['osse.dats=5'])).rejects.toThrow('did you mean')
  await expect(loadPreset('../small', { out: 'runs' })).rejects.toThrow('there is no preset ../small')
})

it('notices a store that has changed', async () => {
  const store = join(folder, 'store')
  await mkdir(store)
  await writeFile(join(store, '0.0'), 'chunk')
  const before = await sizesHash(store)
  await writeFile(join(store, '0.1'), 'another')
  expect(await sizesHash(store)).not.toBe(before)
})

it('releases models, results and tuned settings under the names of the repository', async () => {
  const [out, root] = [join(folder, 'run'), join(folder, 'repository')]
  const { preset } = await smallStages([], { out })
  const files = {
    'models/prior.safetensors': 'weights',
    'docs/results/osse-comparisons.json': `{"folder": "${out}/models", "tuned": "${out}/configs/osse-tuned.yaml"}`,
    'docs/figures/prior.png': 'a figure',
    'docs/method-table.md': '| 1 |',
    'configs/osse-tuned.yaml': 'dps: {}',
  }
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(out, name)), { recursive: true })
    await writeFile(join(out, name), text)
  }
  await release(preset, root)
  const read = (name: string) => readFile(join(root, name), 'utf8')
  expect(await read('models/small/prior.safetensors')).toBe('weights')
  expect(JSON.parse(await read('docs/results/osse-comparisons.json'))).toEqual({
    folder: 'models/small',
    tuned: 'configs/osse-tuned.yaml',
  })
  for (const name of ['docs/figures/prior.png', 'docs/method-table.md', 'configs/osse-tuned.yaml'])
    expect(await read(name)).toBe(files[name as keyof typeof files])
})

it('says what each stage took, and the total', () => {
  const row = { what: 'x', done: true, why: '' }
  const page = timesPage(
    [
      { ...row, stage: 'a', seconds: 65 },
      { ...row, stage: 'b', seconds: 3600 },
    ],
    {
      ...{ cores: 2, command: 'align-da reproduce' },
    },
  )
  expect(page).toContain('| `a` | x | 1m05s |')
  expect(page).toContain('| | total, on 2 cores | 1h01m |')
})
