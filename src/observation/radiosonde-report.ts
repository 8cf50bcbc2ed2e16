import { type ChannelSet, speedyChannels } from '../atmosphere/channels.ts'
import { Grid } from '../atmosphere/grid.ts'
import type { ObservationTable } from '../io/observations/table.ts'
import { buildOperator, countRejected } from './build.ts'
import type { OperatorRejection } from './interpolation.ts'
import { type QualityCount, type QualityOptions, qualityControl } from './quality/control.ts'
import { departures } from './quality/departures.ts'

/** Edges of layers, hPa, about the standard levels: those of the usual verification of radiosondes. */
export const layerEdges = [
  1050, 950, 887.5, 775, 600, 450, 350, 275, 225, 175, 125, 85, 60, 40, 25, 15,
] as const

/** Observation minus background of one variable in one layer, SI units. */
export interface DepartureStatistics {
  readonly variable: string
  /** hPa */
  readonly bottom: number
  readonly top: number
  /** Rows with a background, before and after quality control. */
  readonly before: number
  readonly count: number
  readonly bias: number
  /** Root mean square, after and before quality control. */
  readonly rms: number
  readonly rmsBefore: number
}

/** What quality control and the operator made of a file of soundings. */
export interface RadiosondeReport {
  readonly rows: number
  readonly stations: number
  readonly soundings: number
  /** Rows by variable and what became of them in quality control. */
  readonly quality: readonly QualityCount[]
  /** Rows of those kept that have an equivalent in the model, by variable. */
  readonly observed: readonly { readonly variable: string; readonly count: number }[]
  /** Those that have none, by reason and variable. */
  readonly unobserved: readonly {
    readonly reason: OperatorRejection
    readonly variable: string
    readonly count: number
  }[]
  readonly departures: readonly DepartureStatistics[]
}

/**
 * What becomes of real soundings: quality control, the observation operators of a model (by default the 64 x 32
 * grid and 39 channels of the SPEEDY world), and statistics of observation minus the background in the file by
 * variable and layer (layers without such rows are left out).
 */
export function radiosondeReport(
  table: ObservationTable,
  {
    grid = Grid.equiangular(32, 64),
    channels = speedyChannels,
    ...options
  }: QualityOptions & { grid?: Grid; channels?: ChannelSet } = {},
): RadiosondeReport {
  const result = qualityControl(table, options)
  const built = buildOperator(result.table, grid, channels)
  const observed = new Map<string, number>()
  for (const code of built.table.variable) observed.set(code, (observed.get(code) ?? 0) + 1)
  return {
    rows: table.length,
    stations: new Set(table.station).size,
    soundings: new Set(table.sounding).size,
    quality: result.counts,
    observed: [...observed].map(([variable, count]) => ({ variable, count })),
    unobserved: countRejected(result.table, built.rejected),
    departures: departureStatistics(table, result.kept, options.background ?? table.background),
  }
}

function departureStatistics(
  table: ObservationTable,
  kept: Int32Array,
  background: ArrayLike<number>,
): DepartureStatistics[] {
  const departure = departures(table, background)
  const used = new Set(kept)
  interface Sums { before: number; squares: number; count: number; sum: number; square: number } // biome-ignore format: short
  const sums = new Map<string, Sums>()
  for (let i = 0; i < table.length; i++) {
    const p = table.pressure[i] / 100
    const layer = layerEdges.findIndex((bottom, k) => p <= bottom && p > (layerEdges[k + 1] ?? bottom))
    if (Number.isNaN(departure[i]) || layer < 0) continue
    const key = `${table.variable[i]}|${layer}`
    const entry = sums.get(key) ?? { before: 0, squares: 0, count: 0, sum: 0, square: 0 }
    sums.set(key, entry)
    entry.before++
    entry.squares += departure[i] ** 2
    if (!used.has(i)) continue
    entry.count++
    entry.sum += departure[i]
    entry.square += departure[i] ** 2
  }
  return [...sums]
    .map(([key, { before, squares, count, sum, square }]) => {
      const [variable, layer] = key.split('|')
      const k = Number(layer)
      return {
        variable,
        bottom: layerEdges[k],
        top: layerEdges[k + 1],
        before,
        count,
        bias: sum / count,
        rms: Math.sqrt(square / count),
        rmsBefore: Math.sqrt(squares / before),
      }
    })
    .sort((a, b) => a.variable.localeCompare(b.variable) || b.bottom - a.bottom)
}
