import { isRemote } from '../io/address.ts'
import { openDataset } from '../io/dataset.ts'
import { bytesText, jsonText, tableText } from '../report/table.ts'
import { type DatasetInfo, datasetInfo } from './datasetInfo.ts'
import { observationFormat, readObservations } from './readObservations.ts'
import { printObservations } from './runObs.ts'

/** Prints what a file is: a gridded dataset or observations. */
export async function info(file: string, { json = false }: { json?: boolean }): Promise<void> {
  if (!isRemote(file) && (await observationFormat(file)) !== undefined) {
    printObservations(file, await readObservations(file), json)
    return
  }
  const dataset = await openDataset(file)
  try {
    const found = await datasetInfo(dataset)
    console.log(json ? jsonText(found) : text(found))
  } finally {
    await dataset.close()
  }
}

function text(found: DatasetInfo): string {
  const { times, levels, grid, storedBytes, decodedBytes } = found
  const size = storedBytes === null ? 'remote' : `${bytesText(storedBytes)} on disk`
  const lines = [
    `${found.location}`,
    `  format      ${found.format}, ${size}, ${bytesText(decodedBytes)} decoded`,
  ]
  const line = (name: string, value: string) => lines.push(`  ${name.padEnd(11)} ${value}`)
  line('grid', grid ?? 'none found')
  if (times) {
    const step = times.step === null ? '' : `, every ${times.step}`
    const gaps =
      times.step === null
        ? ''
        : times.gaps
          ? `, ${times.gaps} ${times.gaps === 1 ? 'gap' : 'gaps'}`
          : ', no gap'
    const span = times.count === 1 ? times.first : `${times.first} .. ${times.last}`
    line('time', `${span} UTC, ${times.count === 1 ? '1 state' : `${times.count} states`}${step}${gaps}`)
  } else line('time', 'none')
  line(
    'levels',
    levels.length ? `${levels.length}: ${levels.map((l) => Number(l.toPrecision(6))).join(' ')} hPa` : 'none',
  )
  line(
    'dimensions',
    Object.entries(found.dimensions)
      .map(([name, n]) => `${name} ${n}`)
      .join(', '),
  )
  line('channels', channelsText(found.channels))
  const rows = found.variables.map((v) => ({
    variable: v.name,
    short: v.short ?? '',
    units: v.units ?? '',
    dimensions: v.dimensions.join(' '),
    type: v.dtype,
    chunks: v.chunks ? v.chunks.join('x') : '',
    size: bytesText(v.bytes),
  }))
  lines.push('', tableText(rows))
  if (found.warnings.length) lines.push('', 'Worth knowing:', ...found.warnings.map((w) => `  - ${w}`))
  return lines.join('\n')
}

/** All names, or the first and the last of many. */
function channelsText(names: readonly string[]): string {
  if (names.length === 0) return 'none that are known'
  return `${names.length}: ${names.length <= 12 ? names.join(' ') : `${names.slice(0, 5).join(' ')} ... ${names.slice(-3).join(' ')}`}`
}
