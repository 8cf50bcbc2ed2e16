import { ChannelSet } from '../../atmosphere/channels.ts'
import { Grid } from '../../atmosphere/grid.ts'
import { Normaliser } from '../../atmosphere/normalise.ts'
import { type ObservationTable, observationTable } from '../../io/observations/table.ts'
import { stream } from '../../random/stream.ts'

/** A small model: 12 x 8 columns, the surface and five variables on three levels. */
export const grid = Grid.equiangular(8, 12)
export const channels = ChannelSet.product(
  ['u10', 'v10', 't2m', 'msl'],
  ['z', 't', 'q', 'u', 'v'],
  [300, 500, 850],
)

/** Means and standard deviations of the right size for the variables. */
const typical: Readonly<Record<string, readonly [mean: number, std: number]>> = {
  z: [50_000, 3_000], t: [260, 15], q: [0.004, 0.002], u: [5, 10], v: [0, 8],
  u10: [1, 5], v10: [0, 5], t2m: [280, 15], msl: [101_000, 1_000],
} // biome-ignore format: a list read at a glance

export const normaliser = new Normaliser({
  names: channels.names,
  mean: channels.channels.map((c, i) => typical[c.variable.short][0] * (1 + 0.01 * i)),
  std: channels.channels.map((c, i) => typical[c.variable.short][1] * (1 + 0.02 * i)),
})

/** A field given everywhere, f(channel name's variable, level hPa or undefined, latitude, longitude), on the grid. */
export function stateOf(
  f: (variable: string, level: number | undefined, latitude: number, longitude: number) => number,
  { on = grid, of = channels }: { on?: Grid; of?: ChannelSet } = {},
): Float64Array {
  const out = new Float64Array(of.length * on.size)
  of.channels.forEach((c, k) => {
    for (let i = 0; i < on.rows; i++)
      for (let j = 0; j < on.columns; j++)
        out[k * on.size + i * on.columns + j] = f(c.variable.short, c.level, on.latitude[i], on.longitude[j])
  })
  return out
}

/** Rows of several variables at random places within the model, `each` of every code. */
export function randomTable(codes: readonly string[], each: number, seed = 1): ObservationTable {
  const n = codes.length * each
  const draw = (name: string) => stream(seed, 'places', name).uniform(new Float64Array(n))
  const [a, b, c] = ['latitude', 'longitude', 'pressure'].map(draw)
  return observationTable({
    time: new Float64Array(n).fill(Date.UTC(2020, 10, 1, 12)),
    latitude: a.map((x) => 178 * x - 89),
    longitude: b.map((x) => 360 * x),
    pressure: c.map((x) => 30_000 + 55_000 * x),
    height: c.map((x) => 400 * x),
    variable: Array.from({ length: n }, (_, i) => codes[i % codes.length]),
    value: new Float64Array(n),
    station: Array.from({ length: n }, (_, i) => `S${i}`),
  })
}

export const normals = (name: string, n: number) => stream(7, name).normal(new Float64Array(n))
