import { DataError } from '../base/errors.ts'
import type { Series } from '../io/series.ts'
import { forecastStarts } from '../io/starts.ts'
import type { SurrogateContext } from './surrogate.ts'

/** Constant fields as the models see them, scaled to order one: orography, land, sine of latitude. [3, lat, lon] */
export function modelStatics(series: Series): Float32Array {
  const { grid, statics } = series
  const points = grid.size
  const out = new Float32Array(3 * points)
  const take = (name: string) => {
    const field = statics.get(name)
    if (!field)
      throw new DataError(
        `${series.location} has no ${name}; models need it, its static fields are ${[...statics.keys()].join(', ') || 'none'}`,
      )
    return field
  }
  const orography = take('geopotential_at_surface')
  const land = take('land_sea_mask')
  const columns = grid.longitude.length
  for (let i = 0; i < points; i++) {
    out[i] = orography[i] / 1e4
    out[points + i] = land[i]
    out[2 * points + i] = Math.sin((grid.latitude[Math.floor(i / columns)] * Math.PI) / 180)
  }
  return out
}

/** What the forecast model knows of its world, from the training states. */
export function surrogateContext(series: Series): SurrogateContext {
  return {
    statics: modelStatics(series),
    grid: [series.grid.latitude.length, series.grid.longitude.length],
    changeStd: changeDeviation(series),
  }
}

/** Root mean square change of each channel from one state to the next, [channel], over all pairs without a gap. */
function changeDeviation({ data, channels, grid, stateSize, times }: Series): Float32Array {
  const points = grid.size
  const sums = new Float64Array(channels.length)
  const pairs = forecastStarts(times, 1)
  for (const t of pairs)
    for (let c = 0; c < channels.length; c++) {
      const from = t * stateSize + c * points
      let sum = 0
      for (let i = from; i < from + points; i++) sum += (data[i + stateSize] - data[i]) ** 2
      sums[c] += sum
    }
  return Float32Array.from(sums, (s) => Math.sqrt(s / (pairs.length * points)))
}
