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

it('states how that stands against stronger baselines', () => {
  const filtered = against('3dvar-filtered', 'meanMse')
  const plain = rows.filter((r) => r.method === '3dvar-filtered')
  const ownLead = plain.map((r) => {
    const other = rows.find(
      (o) => o.method === '3dvar' && o.density === r.density && o.noise === r.noise,
    ) as Row
    return 1 - Number(r.meanMse) / Number(other.meanMse)
  })
  const forecast = range(changes(against('3dvar-filtered', 'fcMeanMse')))
  expect(method).toContain(
    `has a ${range(ownLead)} % lower MSE than the plain one; the guided prior still has a ${range(changes(filtered))} % lower one than it, and ${forecast} % in the forecast`,
  )
  expect(filtered.every((c) => c.change.low > 0)).toBe(true)
  expect(readme).toContain(
    `starts without it, it is ${range(changes(against('3dvar-filtered', 'meanMse', columns)))} %`,
  )
})

it('states how little that is over the same covariance', () => {
  const same = against('l3dvar-coupled', 'meanMse')
  const at = (density: number) => changes(same.filter((c) => c.density === density))
  expect(method).toContain(`comes within ${(100 * Math.max(...at(0.05))).toFixed(1)} % of it at 5 %`)
  const [low, high] = range(at(0.2), 1).replace('-', '−').split(' to ')
  expect(method).toContain(`(${low} and ${high} %, both intervals contain zero)`)
  const zero = ({ change }: Comparison) => change.low < 0 && change.high > 0
  expect(same.map(zero)).toEqual(same.map((c) => c.density === 0.2))
  expect(method).toContain(`within ${range(changes(against('l3dvar-coupled', 'fcMeanMse')), 1)} %.`)
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
    const change = Number(row.meanMse) / Number(base.meanMse) - 1
    expect(change).toBeLessThan(0.001)
    expect(change).toBeGreaterThan(row.method === 'dps' ? -0.004 : -0.0015)
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
