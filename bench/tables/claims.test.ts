import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import type { Row } from './comparison.ts'

/** What the README and the method page claim in words is what docs/results/ holds. */
const read = (path: string) => readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
const json = async (name: string) => JSON.parse(await read(`docs/results/${name}.json`))
const [readme, method] = await Promise.all(['README.md', 'docs/method.md'].map(read))
const rows: Row[] = await json('osse')
const gains: Row[] = await json('alignment')

interface Comparison {
  base: { method: string }
  density: number | string
  noise: number
  score: string
  change: { value: number; low: number; high: number }
}
const { comparisons }: { comparisons: Comparison[] } = await json('osse-comparisons')
const against = (method: string, score: string, kept: (c: Comparison) => boolean = () => true) =>
  comparisons.filter((c) => c.base.method === method && c.score === score && kept(c))
const columns = (c: { noise: number; density: unknown }) => c.noise > 0 && typeof c.density === 'number'

/** "10 to 26" of 0.1025 and 0.2617. */
const range = (values: readonly number[], places = 0, unit = 100) =>
  [Math.min(...values), Math.max(...values)].map((v) => (unit * v).toFixed(places)).join(' to ')
const changes = (found: readonly Comparison[]) => found.map((c) => c.change.value)

it('states by how much guidance is better than classical analyses', () => {
  for (const [name, before, after] of [
    ['3dvar', 'the tuned 3D-Var (by ', ' %)'],
    ['l3dvar', 'latent 3D-Var (', ' %)'],
    ['letkf', 'LETKF of 32 members (', ' %)'],
  ] as const) {
    expect(method).toContain(`${before}${range(changes(against(name, 'meanMse')))}${after}`)
    const short = before.replace('the tuned', 'a tuned').replace(' of 32 members', '')
    expect(readme).toContain(`${short}${range(changes(against(name, 'meanMse', columns)))}${after}`)
    expect(against(name, 'meanMse').every((c) => c.change.low > 0)).toBe(true)
  }
  expect(method).toContain(`better by ${range(changes(against('3dvar', 'fcMeanMse')))} %`)
})

it('states how little that is over the same covariance', () => {
  const same = against('l3dvar-coupled', 'meanMse')
  expect(method).toContain(`comes within ${range(changes(same), 1)} % of it`)
  expect(Math.max(...changes(same))).toBeLessThan(0.015)
  expect(same.filter((c) => c.change.low < 0).map((c) => [c.density, c.noise])).toEqual([[0.2, 0.05]])
  expect(method).toContain(`within ${range(changes(against('l3dvar-coupled', 'fcMeanMse')), 1)} %.`)
})

it('states how that stands against stronger baselines', async () => {
  const own: Row[] = await json('osse-20-dates')
  const mse = (name: string, r: Row) =>
    Number(own.find((o) => o.method === name && o.density === r.density && o.noise === r.noise)?.meanMse)
  const lower = (name: string, than: string, kept: (r: Row) => boolean = () => true) =>
    own
      .filter((r) => r.method === than && typeof r.density === 'number' && kept(r))
      .map((r) => 1 - mse(name, r) / Number(r.meanMse))
  expect(own.filter((r) => r.dates !== 20)).toEqual([])
  expect(method).toContain(
    `has a ${range(lower('3dvar-filtered', '3dvar'))} % lower MSE than the plain one, and the guided prior a ${range(lower('latent-map', '3dvar-filtered'))} % lower one than it`,
  )
  expect(method).toContain(`it is ${range(lower('latent-map', 'letkf'))} %; over latent 3D-Var`)
  const same = (density: number) => lower('latent-map', 'l3dvar-coupled', (r) => r.density === density)
  expect(method).toContain(`${range(same(0.05), 1)} % at 5 % of the columns and nothing at 20 %`)
  expect(Math.max(...same(0.2).map(Math.abs))).toBeLessThan(0.003)
  const noisy = lower('latent-map', '3dvar-filtered', (r) => r.noise === 0.05)
  expect(readme).toContain(`starts without it, it is ${range(noisy)} %`)
})

it('states what alignment gains, and that the mean gains nothing', () => {
  const guided = gains.filter((r) => r.model === 'M' && r.density !== 0)
  const gain = (r: Row) => Number(r.gain)
  expect(readme).toContain(`single members by ${range(guided.map(gain), 1)} %`)
  expect(method).toContain(`single members by ${range(gains.filter((r) => r.model === 'M').map(gain), 1)} %`)
  for (const row of gains) {
    const base = gains.find(
      (r) => r.model === 'base' && r.method === row.method && r.density === row.density,
    ) as Row
    expect(Math.abs(Number(row.meanMse) / Number(base.meanMse) - 1)).toBeLessThan(0.0015)
  }
})

it('states the balance of the mean, with and without alignment, and the reliability', () => {
  const latent = (r: Row) => r.method === 'latent-map'
  const geo = range(
    gains.filter(latent).map((r) => Number(r.meanGeo)),
    1,
    1,
  )
  expect(method).toContain(`The Geo-Score of that mean is ${geo}, aligned or not`)
  const classical = rows.filter((r) => r.method === '3dvar' && columns(r))
  expect(method).toContain(
    `3D-Var has ${range(
      classical.map((r) => Number(r.meanGeo)),
      1,
      1,
    )}`,
  )
  const ratio = (name: string) =>
    range(
      rows.filter((r) => r.method === name).map((r) => Number(r.spreadSkill)),
      2,
      1,
    )
  expect(method).toContain(`latent MAP is ${ratio('latent-map')} of the error of the mean`)
  expect(method).toContain(`the LETKF, ${ratio('letkf')}.`)
})
