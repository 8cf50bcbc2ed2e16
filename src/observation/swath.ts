import { ConfigError } from '../base/errors.ts'
import type { Place } from './networks.ts'

/** A satellite on a circular orbit and what its scanner sees. */
export interface SwathOptions {
  /** Times of the first and the last scan, ms since 1970. */
  readonly start: number
  readonly end: number
  /** Degrees east at which the satellite crosses the equator northward at `start`. Default 0. */
  readonly node?: number
  /** Degrees. Default 98.7, sun-synchronous at 820 km. */
  readonly inclination?: number
  /** Minutes for one orbit. Default 101.3. */
  readonly period?: number
  /** Width of the swath, km; 0 for the track alone. Default 2200. */
  readonly width?: number
  /** Distance between neighbouring places along and across the track, km. Default 250. */
  readonly spacing?: number
}

const radians = Math.PI / 180
const earthRadius = 6371.229
/** The plane of a sun-synchronous orbit turns with the Sun: once a year eastward. */
const sun = 360 / (365.2422 * 86_400)
/** Of the Earth under the stars, degrees a second. */
const rotation = 360 / 86_164.0905

/**
 * Places that a polar-orbiting satellite sees: the ground track of a circular orbit whose plane keeps its angle to
 * the Sun, over the turning Earth, and places on great circles across it. Each scan has a time of its own; ids are
 * scan.position. Throws ConfigError for a period, spacing or times that are none.
 */
export function swath({
  start,
  end,
  node = 0,
  inclination = 98.7,
  period = 101.3,
  width = 2200,
  spacing = 250,
}: SwathOptions): Place[] {
  if (!(end >= start) || !(period > 0) || !(spacing > 0) || !(width >= 0))
    throw new ConfigError(
      `a swath needs start <= end, period and spacing above 0 and a width of 0 or more, not ${start}, ${end}, ${period}, ${spacing}, ${width}`,
    )
  const motion = 360 / (60 * period)
  const step = (spacing / earthRadius / radians / motion) * 1000
  const side = Math.floor(width / 2 / spacing)
  const places: Place[] = []
  for (let scan = 0; start + scan * step <= end; scan++) {
    const time = Math.round(start + scan * step)
    const seconds = (time - start) / 1000
    const along = motion * seconds * radians
    const shift = node + (sun - rotation) * seconds
    const [ci, si] = [Math.cos(inclination * radians), Math.sin(inclination * radians)]
    const below = [Math.cos(along), Math.sin(along) * ci, Math.sin(along) * si]
    // The normal of the orbit: places across the track lie on the great circle through it.
    const across = [0, -si, ci]
    for (let k = -side; k <= side; k++) {
      const angle = (k * spacing) / earthRadius
      const [x, y, z] = below.map((b, i) => Math.cos(angle) * b + Math.sin(angle) * across[i])
      const longitude = Math.atan2(y, x) / radians + shift
      places.push({
        id: `${scan}.${k + side}`,
        latitude: Math.asin(Math.max(-1, Math.min(1, z))) / radians,
        longitude: ((longitude % 360) + 360) % 360,
        elevation: Number.NaN,
        time,
      })
    }
  }
  return places
}
