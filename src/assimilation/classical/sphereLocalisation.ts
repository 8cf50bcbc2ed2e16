import { earthRadius } from '../../atmosphere/constants.ts'
import type { Taper } from '../../atmosphere/gaspari-cohn.ts'
import { ShapeError } from '../../base/errors.ts'
import { byDistance, type Localisation } from './localisation.ts'

/** Places on the sphere, in degrees. */
export interface Places {
  readonly latitudes: ArrayLike<number>
  readonly longitudes: ArrayLike<number>
}

/** A place's unit vectors, sorted by latitude, so that a search looks at a band alone. */
interface Sorted {
  readonly order: Uint32Array
  readonly latitudes: Float64Array
  readonly vectors: Float64Array
}

/**
 * Local analyses of the columns of a state [channel, column], each with the observations within `reach` km along a
 * great circle, tapered by their distance in km. Every column is one group of all its channels.
 * Throws ShapeError for latitudes and longitudes of different number.
 */
export function columnsOnSphere(
  columns: Places,
  observations: Places,
  {
    channels,
    taper,
    reach,
    radius = earthRadius / 1000,
  }: { channels: number; taper: Taper; reach: number; radius?: number },
): Localisation {
  const count = columns.latitudes.length
  const here = vectors(columns)
  const sorted = sortByLatitude(observations)
  const angle = reach / radius
  return byDistance(
    count,
    (column) => Uint32Array.from({ length: channels }, (_, c) => c * count + column),
    (column) => {
      const x = here.subarray(3 * column, 3 * column + 3)
      const latitude = columns.latitudes[column]
      const half = (angle * 180) / Math.PI
      const indices: number[] = []
      const distances: number[] = []
      for (let k = first(sorted.latitudes, latitude - half); k < sorted.order.length; k++) {
        if (sorted.latitudes[k] > latitude + half) break
        const d = angleBetween(x, sorted.vectors, 3 * k)
        if (d > angle) continue
        indices.push(sorted.order[k])
        distances.push(radius * d)
      }
      return { indices, distances }
    },
    taper,
  )
}

/** The angle between unit vectors, from the chord: exact to rounding also for near neighbours. */
function angleBetween(a: Float64Array, b: Float64Array, at: number): number {
  const x = a[0] - b[at]
  const y = a[1] - b[at + 1]
  const z = a[2] - b[at + 2]
  const chord = Math.sqrt(x * x + y * y + z * z)
  return 2 * Math.asin(Math.min(1, chord / 2))
}

function sortByLatitude(places: Places): Sorted {
  const all = vectors(places)
  const order = Uint32Array.from({ length: places.latitudes.length }, (_, i) => i)
  order.sort((a, b) => places.latitudes[a] - places.latitudes[b] || a - b)
  const sorted = new Float64Array(all.length)
  order.forEach((i, k) => {
    sorted.set(all.subarray(3 * i, 3 * i + 3), 3 * k)
  })
  return { order, latitudes: Float64Array.from(order, (i) => places.latitudes[i]), vectors: sorted }
}

function vectors({ latitudes, longitudes }: Places): Float64Array {
  if (latitudes.length !== longitudes.length)
    throw new ShapeError(`${latitudes.length} latitudes, but ${longitudes.length} longitudes`)
  const out = new Float64Array(3 * latitudes.length)
  for (let i = 0; i < latitudes.length; i++) {
    const phi = (latitudes[i] * Math.PI) / 180
    const lambda = (longitudes[i] * Math.PI) / 180
    out[3 * i] = Math.cos(phi) * Math.cos(lambda)
    out[3 * i + 1] = Math.cos(phi) * Math.sin(lambda)
    out[3 * i + 2] = Math.sin(phi)
  }
  return out
}

/** The first index of a sorted array whose value is at least `value`. */
function first(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}
