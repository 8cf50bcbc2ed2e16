import { join } from 'node:path'
import { sharedData } from '../src/base/testing.ts'
import { timeGaps } from '../src/io/gaps.ts'
import { openStates } from '../src/io/states.ts'

/**
 * Facts that the data state about themselves, computed through the readers: times, gaps, and the persistence error
 * of the training world (1983, normalised by each channel's mean and standard deviation over time and grid).
 */
if (!sharedData) {
  console.log('there is no data folder (ALIGN_DA_DATA), so there are no facts to check')
  process.exit(0)
}

const year = await openStates(join(sharedData, 'speedy-64x32.zarr'))
const { step, gaps } = timeGaps(year.times)
console.log(
  `speedy-64x32.zarr: ${year.times.length} times, every ${step! / 3.6e6} h, ${gaps.length} gaps, ${year.grid}`,
)

const last = year.times.findLastIndex((t) => t < Date.UTC(1984, 0, 1)) + 1
const began = performance.now()
const x = await year.readAll([0, last])
const seconds = (performance.now() - began) / 1000
console.log(`read ${last} states of ${year.channels.length} channels in ${seconds.toFixed(1)} s`)

const size = year.grid.size
const channels = year.channels.length
const variance = new Float64Array(channels)
for (let c = 0; c < channels; c++) {
  let [sum, squares] = [0, 0]
  const first = x[c * size]
  for (let t = 0; t < last; t++)
    for (let i = (t * channels + c) * size, end = i + size; i < end; i++) {
      const d = x[i] - first
      sum += d
      squares += d * d
    }
  const n = last * size
  variance[c] = squares / n - (sum / n) ** 2
}

/** Mean over times, channels and grid of the squared normalised change within `lag` steps. */
function persistence(lag: number): number {
  let total = 0
  for (let t = 0; t + lag < last; t++)
    for (let c = 0; c < channels; c++) {
      let sum = 0
      const from = (t * channels + c) * size
      const to = from + lag * channels * size
      for (let i = 0; i < size; i++) sum += (x[to + i] - x[from + i]) ** 2
      total += sum / variance[c]
    }
  return total / ((last - lag) * channels * size)
}

/** By numpy in double precision from the same store, and as stated with it (a little lower). */
const known: [hours: number, numpy: number, stated: number][] = [
  [6, 0.0101868, 0.0101],
  [12, 0.0355778, 0.0355],
  [24, 0.1225784, 0.1225],
  [48, 0.334056, 0.334],
]
let wrong = 0
for (const [hours, numpy, stated] of known) {
  const found = persistence(hours / 6)
  const agrees = Math.abs(found - numpy) < 2e-6 && Math.abs(found - stated) < 2e-4
  if (!agrees) wrong++
  console.log(
    `persistence ${hours} h: MSE ${found.toFixed(5)} (numpy ${numpy.toFixed(5)}, stated ${stated.toFixed(4)})${agrees ? '' : '  DIFFERS'}`,
  )
}

const wind = await openStates(join(sharedData, 'gfs-wind-128x64.zarr'))
const holes = timeGaps(wind.times).gaps
console.log(
  `gfs-wind-128x64.zarr: ${wind.times.length} times, ${holes.length} gaps, the longest ${Math.max(...holes.map((h) => h.missing))} times`,
)
const era5 = await openStates(join(sharedData, 'real/era5_tl31_19590102T00.nc'))
console.log(
  `era5_tl31_19590102T00.nc: ${era5.dataset.format}, ${era5.grid}, ${era5.channels.levelsOf('temperature').length} levels`,
)
process.exitCode = wrong ? 1 : 0
