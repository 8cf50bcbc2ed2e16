import { ConfigError, didYouMean } from '../base/errors.ts'
import { type ColourMapName, colourTables } from './colourTables.ts'

/** Red, green and blue, 0..255. */
export type Rgb = readonly [number, number, number]

/** A continuous colour map over [0, 1]. */
export interface ColourMap {
  readonly name: ColourMapName
  /** True when the middle of the map means zero. */
  readonly diverging: boolean
  /** Colour at `t`, clamped to [0, 1]. */
  at(t: number): Rgb
}

const divergingMaps: readonly string[] = ['vik', 'bam', 'balance', 'curl', 'tarn']

/** The names of all colour maps. */
export const colourMapNames = Object.keys(colourTables) as ColourMapName[]

/** A colour map by name; `_r` at the end reverses it. Throws ConfigError for an unknown name. */
export function colourMap(name: string): ColourMap {
  const reversed = name.endsWith('_r')
  const base = (reversed ? name.slice(0, -2) : name) as ColourMapName
  if (!(base in colourTables))
    throw new ConfigError(
      `no colour map ${JSON.stringify(name)}${didYouMean(base, colourMapNames)}; there are ${colourMapNames.join(', ')}`,
    )
  const table = decoded(base)
  const last = table.length - 1
  return {
    name: base,
    diverging: divergingMaps.includes(base),
    at(t) {
      const at = Math.min(1, Math.max(0, reversed ? 1 - t : t)) * last
      const [i, w] = [Math.min(Math.floor(at), last - 1), at - Math.min(Math.floor(at), last - 1)]
      const [a, b] = [table[i], table[i + 1]]
      return [a[0] + w * (b[0] - a[0]), a[1] + w * (b[1] - a[1]), a[2] + w * (b[2] - a[2])]
    },
  }
}

const cache = new Map<ColourMapName, Rgb[]>()

function decoded(name: ColourMapName): Rgb[] {
  let table = cache.get(name)
  if (!table) {
    const digits = colourTables[name].replace(/\s/g, '')
    const byte = (at: number) => Number.parseInt(digits.slice(at, at + 2), 16)
    table = Array.from({ length: digits.length / 6 }, (_, i) => [
      byte(6 * i),
      byte(6 * i + 2),
      byte(6 * i + 4),
    ])
    cache.set(name, table)
  }
  return table
}

/** A colour as `#rrggbb`. */
export const cssColour = (rgb: Rgb) =>
  `#${rgb.map((c) => Math.round(c).toString(16).padStart(2, '0')).join('')}`

/** Relative luminance in [0, 1] (WCAG 2): above about 0.35 black text reads better than white. */
export function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((c) =>
    c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4,
  )
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
