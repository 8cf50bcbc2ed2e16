import { ticks } from 'd3-array'
import { DataError } from '../base/errors.ts'
import { colourMap, type Rgb } from './colours.ts'

/** Values to colours, with the ticks of the colour bar. */
export interface ColourScale {
  readonly min: number
  readonly max: number
  /** Whether values beyond the ends exist and are drawn in the end colours. */
  readonly extend: { readonly below: boolean; readonly above: boolean }
  /** Edges of the colour bands, `min` and `max` included; undefined for a continuous scale. */
  readonly edges?: readonly number[]
  readonly ticks: readonly number[]
  /** The colour of a finite value; beyond the ends, the colour of the end. */
  colour(value: number): Rgb
}

/** Colours of a map and their ends. */
export interface ScaleOptions {
  /** Name of the colour map. */
  readonly map: string
  /** Makes zero the middle of the colours. */
  readonly symmetric?: boolean
  /** Ends of the colours; found from the values where not given. */
  readonly min?: number
  readonly max?: number
  /** About how many colour bands; 0 (the default) for a continuous scale. */
  readonly bands?: number
  /** Share of the values that may lie beyond each end that was not given (default 0.005). */
  readonly clip?: number
}

/**
 * A colour scale fitted to values (NaN is ignored), with its ends on round numbers.
 * @throws DataError when no value is finite and an end is not given, or when min is not below max.
 */
export function colourScale(values: ArrayLike<number>, options: ScaleOptions): ColourScale {
  const { bands = 0, clip = 0.005, symmetric = false } = options
  const map = colourMap(options.map)
  const finite = Float64Array.from(values).filter(Number.isFinite).sort()
  if (finite.length === 0 && (options.min === undefined || options.max === undefined))
    throw new DataError('there is no finite value to fit a colour scale to; give its ends')
  const quantile = (p: number) => finite[Math.round(p * (finite.length - 1))]
  let low = options.min ?? quantile(clip)
  let high = options.max ?? quantile(1 - clip)
  if (symmetric && (options.min === undefined || options.max === undefined)) {
    high = options.max ?? (options.min === undefined ? Math.max(Math.abs(low), Math.abs(high)) : -options.min)
    low = -high
  }
  if (options.min !== undefined && options.max !== undefined && !(low < high))
    throw new DataError(`the lower end of the colours, ${low}, is not below the upper end, ${high}`)
  // A constant field still gets a scale around its value.
  if (!(low < high)) [low, high] = [low - (Math.abs(low) * 1e-3 || 1), high + (Math.abs(high) * 1e-3 || 1)]
  const step = niceStep(low, high, bands || 20)
  if (options.min === undefined && !(symmetric && options.max !== undefined))
    low = Math.floor(low / step + 1e-9) * step
  if (options.max === undefined && !(symmetric && options.min !== undefined))
    high = Math.ceil(high / step - 1e-9) * step
  // Bands about zero: the two that touch it become one, so that next to nothing is drawn as nothing.
  const edges = bands ? bandEdges(low, high, step).filter((edge) => !(symmetric && edge === 0)) : undefined
  const t = (value: number) => (value - low) / (high - low)
  return {
    min: low,
    max: high,
    edges,
    ticks: ticks(low, high, 6),
    extend: {
      below: finite.length > 0 && finite[0] < low - 1e-6 * (high - low),
      above: finite.length > 0 && finite[finite.length - 1] > high + 1e-6 * (high - low),
    },
    colour(value) {
      if (!edges) return map.at(t(value))
      const bandsIn = edges.length - 1
      let i = 0
      while (i < bandsIn - 1 && value >= edges[i + 1]) i++
      // The first and the last band get the very ends of the map.
      return map.at(bandsIn === 1 ? 0.5 : i / (bandsIn - 1))
    },
  }
}

/** The distance of about `count` round numbers (1, 2, 2.5 or 5 times a power of ten) between two values. */
export function niceStep(low: number, high: number, count: number): number {
  const raw = (high - low) / count
  const power = 10 ** Math.floor(Math.log10(raw))
  const factor = [1, 2, 2.5, 5, 10].find((f) => f * power >= raw * 0.999) ?? 10
  return factor * power
}

function bandEdges(low: number, high: number, step: number): number[] {
  const inner: number[] = []
  for (let k = Math.floor(low / step) + 1; k * step < high - 1e-6 * step; k++)
    if (k * step > low + 1e-6 * step) inner.push(k * step)
  return [low, ...inner, high]
}

/** Numbers as figures write them: a true minus sign, thousands apart, no more digits than the step needs. */
export function formatTicks(values: readonly number[]): string[] {
  if (values.length === 0) return []
  const largest = Math.max(...values.map(Math.abs))
  const gaps = values.slice(1).map((v, i) => Math.abs(v - values[i]))
  const step = gaps.length ? Math.min(...gaps) : largest || 1
  if (largest >= 1e6 || (largest > 0 && largest < 1e-3))
    return values
      .map((v) =>
        v === 0 ? '0' : v.toExponential(Math.max(0, decimals(step / 10 ** Math.floor(Math.log10(largest))))),
      )
      .map((text) =>
        text
          .replace(
            /e([+-]\d+)$/,
            (_, e: string) =>
              `×10${[...String(Number(e))].map((c) => (c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)])).join('')}`,
          )
          .replace('-', '−'),
      )
  const digits = decimals(step)
  return values.map((v) => {
    const [whole, part] = Math.abs(v).toFixed(digits).split('.')
    const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, ' ') : whole
    return (v < 0 && Number(Math.abs(v).toFixed(digits)) > 0 ? '−' : '') + grouped + (part ? `.${part}` : '')
  })
}

/** Decimals that tell multiples of `step` apart. */
function decimals(step: number): number {
  for (let d = 0; d < 8; d++)
    if (Math.abs(step * 10 ** d - Math.round(step * 10 ** d)) < 1e-6 * Math.max(1, step * 10 ** d)) return d
  return 8
}
