import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sharedData } from '../src/base/testing.ts'
import { openDataset } from '../src/io/dataset.ts'
import { createZarr } from '../src/io/zarr/write.ts'
import { benchPrepbufr } from './io-prepbufr.ts'

/**
 * Zarr decoding throughput on the training world's upper-air variables (or a store made here), against Debian's
 * zarr-python on the same store and machine, taken in turns so that both meet the same load.
 */
const rounds = 5
const names = ['geopotential', 'temperature', 'u_component_of_wind']

const script = `
import sys, time, zarr
group = zarr.open_consolidated(sys.argv[1])
for line in sys.stdin:
    start = time.perf_counter()
    total = sum(group[name][:].nbytes for name in sys.argv[2:])
    print(total / 1e6 / (time.perf_counter() - start), flush=True)
`

async function ours(location: string, workers: number): Promise<number> {
  const dataset = await openDataset(location, { workers })
  const start = performance.now()
  let bytes = 0
  for (const name of names) bytes += (await dataset.variables.get(name)!.read()).data.byteLength
  const rate = bytes / 1e3 / (performance.now() - start)
  await dataset.close()
  return rate
}

function zarrPython(location: string): number | undefined {
  const run = spawnSync('/usr/bin/python3', ['-c', script, location, ...names], {
    input: 'go\ngo\n',
    encoding: 'utf8',
  })
  const rates = run.stdout?.trim().split('\n').map(Number) ?? []
  return run.status === 0 ? Math.max(...rates) : undefined
}

async function syntheticStore(): Promise<{ path: string; remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'align-da-bench-'))
  const path = join(folder, 'bench.zarr')
  const dimensions = { level: 7, longitude: 64, latitude: 32 }
  const variables = names.map((name) => ({
    name,
    dimensions: ['time', ...Object.keys(dimensions)],
    dtype: 'float32' as const,
    chunks: [40, 7, 64, 32],
  }))
  const writer = await createZarr(path, { dimensions, growing: 'time', variables })
  for (let block = 0; block < 20; block++) {
    const data = Float32Array.from(
      { length: 40 * 7 * 2048 },
      (_, i) => Math.round(500 * Math.sin(i / 300) + (i % 7)) / 8,
    )
    await writer.append(Object.fromEntries(names.map((name) => [name, data])))
  }
  await writer.close()
  return { path, remove: () => rmSync(folder, { recursive: true }) }
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

const made = sharedData ? undefined : await syntheticStore()
const location = made?.path ?? join(sharedData!, 'speedy-64x32.zarr')
const rates = { 'this thread': [] as number[], 'two workers': [] as number[], 'zarr-python': [] as number[] }
await ours(location, 2)
for (let round = 0; round < rounds; round++) {
  rates['this thread'].push(await ours(location, 0))
  rates['two workers'].push(await ours(location, 2))
  const python = zarrPython(location)
  if (python !== undefined) rates['zarr-python'].push(python)
}
console.log(
  `Zarr decoding of ${names.join(', ')} in ${made ? 'a store made here' : 'speedy-64x32.zarr'}, MB/s (median and best of ${rounds}):`,
)
for (const [name, values] of Object.entries(rates))
  if (values.length)
    console.log(
      `  ${name.padEnd(12)} ${median(values).toFixed(0).padStart(5)} ${Math.max(...values)
        .toFixed(0)
        .padStart(5)}`,
    )
if (rates['zarr-python'].length) {
  const ratios = rates['zarr-python'].map((python, i) => python / rates['two workers'][i])
  console.log(
    `  zarr-python is ${median(ratios).toFixed(2)} times as fast as two workers (goal: at most 1.5)`,
  )
} else console.log('  /usr/bin/python3 has no zarr to compare with')
made?.remove()

for (const { file, messages, median: seconds, first, messagesPerSecond } of await benchPrepbufr())
  console.log(
    `PrepBUFR ${file}: ${messages} messages in ${seconds.toFixed(3)} s (${first.toFixed(3)} s the first time), ` +
      `${Math.round(messagesPerSecond)} messages/s`,
  )
