import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeFileAtomic } from '../src/base/files.ts'
import { sharedData } from '../src/base/testing.ts'
import { readObservations } from '../src/io/read-observations.ts'
import { period } from '../src/io/series.ts'
import { openStates } from '../src/io/states.ts'
import { createStates } from '../src/io/write-states.ts'
import { soundingStations } from '../src/observation/networks.ts'

/** Makes samples/ from the data folder: some days of the nature run, and where radiosondes were launched one noon. */
const [start, end] = ['1984-05-01', '1984-05-05']
const samples = fileURLToPath(new URL('../samples/', import.meta.url))
if (!sharedData) {
  console.error('the samples are cut out of the data folder: set ALIGN_DA_DATA to it')
  process.exit(1)
}

const run = await openStates(join(sharedData, 'speedy-64x32.zarr'))
const [first, last] = period(run.times, start, end)
const writer = await createStates(
  join(samples, 'nature-run.zarr'),
  {
    grid: run.grid,
    channels: run.channels,
    statics: run.statics,
    attributes: {
      title: `Nature run of SPEEDY (T30, 8 levels), ${start} to ${end}, 64 x 32 points`,
      source: 'SPEEDY, an intermediate-complexity model: calmer than the real atmosphere',
    },
  },
  { overwrite: true, timeChunk: last - first },
)
await writer.append(run.times.slice(first, last), await run.readAll([first, last]))
await writer.close()
await run.close()

const table = await readObservations(join(sharedData, 'real/gdas.20201101.t12z.ADPUPA.prepbufr'))
const places = soundingStations(table).sort((a, b) => (a.id < b.id ? -1 : 1))
const round = (x: number, digits: number) => Number(x.toFixed(digits))
const lines = places.map(
  ({ id, latitude, longitude, elevation }) =>
    `"${id}": {"lat": ${round(latitude, 2)}, "lon": ${round(longitude, 2)}, "elev": ${Number.isFinite(elevation) ? round(elevation, 0) : 'null'}}`,
)
await writeFileAtomic(join(samples, 'radiosondes.json'), `{\n${lines.join(',\n')}\n}\n`)
console.log(`${last - first} states from ${start} to ${end}, ${places.length} radiosonde stations`)
