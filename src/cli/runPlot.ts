import { basename } from 'node:path'
import { ConfigError, DataError } from '../base/errors.ts'
import { openDataset } from '../io/dataset.ts'
import type { LatLonField } from '../report/field.ts'
import { figureFormat, writeFigure } from '../report/figureFile.ts'
import { mapFigure } from '../report/mapFigure.ts'
import type { MapPanel } from '../report/mapPanel.ts'
import { parseProjection, type Region } from '../report/projection.ts'
import { quantityStyle } from '../report/quantity.ts'
import { regionOf } from './obsMap.ts'
import { choice } from './options.ts'
import { type NamedField, PlotSource, windChannels } from './plotFields.ts'
import { timeText } from './times.ts'

/** Options of `align-da data plot`. */
export interface PlotOptions {
  variable: string[]
  out: string
  time?: string
  projection?: string
  centre?: number[]
  region?: number[]
  wind?: string
  barbs?: boolean
  contours?: string
  minus?: string
  minusTime?: string
  bands?: number
  min?: number
  max?: number
  map?: string
  member?: number
  interpolation: string
  columns?: number
  width?: number
  scale?: number
  title?: string
}

/** Draws maps of one state, or of two and their difference. */
export async function plot(file: string, options: PlotOptions): Promise<void> {
  const format = figureFormat(options.out)
  const interpolation = choice('--interpolation', options.interpolation, [
    'nearest',
    'linear',
    'cubic',
  ] as const)
  const projection = options.projection === undefined ? undefined : parseProjection(options.projection)
  const names = options.variable.flatMap((v) => v.split(',')).filter(Boolean)
  const winds = options.wind === undefined ? undefined : windChannels(options.wind)
  const overlays = [
    ...(winds ? [winds.u.name, winds.v.name] : []),
    ...(options.contours ? [options.contours] : []),
  ]
  const dataset = await openDataset(file)
  try {
    const source = new PlotSource(dataset, options.member)
    const { fields, time, states } = await source.read([...names, ...overlays], options.time)
    const shown = fields.slice(0, names.length)
    const overlay = overlaysOf(fields.slice(names.length), winds !== undefined, options)
    const compare = options.minus !== undefined || options.minusTime !== undefined
    const panels = compare
      ? await comparison(file, shown, time, options)
      : shown.map(
          (field): MapPanel => ({
            title: shown.length > 1 ? label(field) : undefined,
            field: coloured(field, options),
          }),
        )
    const region = options.region
      ? regionOf(options.region)
      : states.grid.periodic
        ? undefined
        : extent(shown[0])
    const svg = mapFigure({
      title: options.title ?? (shown.length === 1 ? label(shown[0]) : basename(file)),
      subtitle: subtitle([
        compare || Number.isNaN(time) ? '' : `${timeText(time)} UTC`,
        options.member
          ? `member ${options.member} of ${basename(file)}`
          : shown.length === 1 || options.title
            ? basename(file)
            : '',
        `${states.grid.columns} × ${states.grid.rows} grid`,
        overlay.note ?? '',
      ]),
      panels: panels.map((panel) => ({
        ...panel,
        ...overlay.layers,
        title: panel.title === options.title ? undefined : panel.title,
      })),
      projection: projection ?? (region ? 'equirectangular' : 'robinson'),
      centre: options.centre ? [options.centre[0], options.centre[1]] : undefined,
      region,
      interpolation,
      ratio: format === 'png' ? Math.max(1, options.scale ?? 2) : 2,
      columns: options.columns ?? (compare ? 3 : undefined),
      width: options.width,
    })
    await writeFigure(options.out, svg, { scale: options.scale })
    process.stderr.write(`wrote ${options.out}\n`)
  } finally {
    await dataset.close()
  }
}

/** The maps of a file, of what it is compared with, and of the difference, for each field. */
async function comparison(
  file: string,
  shown: NamedField[],
  time: number,
  options: PlotOptions,
): Promise<MapPanel[]> {
  const other = options.minus ?? file
  const dataset = await openDataset(other)
  try {
    const wantedTime = options.minusTime ?? (Number.isNaN(time) ? 'first' : timeText(time))
    const names = shown.map((f) => f.name)
    // Two times are of the same member; another file has its own state.
    const member = options.minus === undefined ? options.member : undefined
    const { fields, time: otherTime } = await new PlotSource(dataset, member).read(names, wantedTime)
    const title = (path: string, t: number) =>
      options.minus === undefined ? `${timeText(t)} UTC` : basename(path)
    return shown.flatMap((field, k): MapPanel[] => {
      const values = difference(field, fields[k], file, other)
      const group = field.name
      return [
        { title: title(file, time), field: { ...coloured(field, { ...options, bands: undefined }), group } },
        {
          title: title(other, otherTime),
          field: { ...coloured(fields[k], { ...options, bands: undefined }), group },
        },
        {
          title: 'Difference',
          field: { ...field, values, kind: 'difference', scale: { bands: options.bands } },
          note: rms(field, values),
        },
      ]
    })
  } finally {
    await dataset.close()
  }
}

function difference(a: NamedField, b: NamedField, file: string, other: string): Float32Array {
  const same = (p: ArrayLike<number>, q: ArrayLike<number>) =>
    p.length === q.length && Array.from(p).every((x, i) => Math.abs(x - q[i]) < 1e-3)
  if (!same(a.latitude, b.latitude) || !same(a.longitude, b.longitude))
    throw new DataError(
      `${file} and ${other} are on different grids (${a.longitude.length}x${a.latitude.length} and ${b.longitude.length}x${b.latitude.length}); use align-da data regrid first`,
    )
  return Float32Array.from(a.values, (x, i) => x - b.values[i])
}

/** The root mean square of a difference, weighted by the cosine of latitude, in the units shown. */
function rms(field: NamedField, values: Float32Array): string {
  const style = quantityStyle(field.variable ?? '', { units: field.units })
  const columns = field.longitude.length
  let [sum, weights] = [0, 0]
  values.forEach((x, i) => {
    if (Number.isNaN(x)) return
    const w = Math.max(0, Math.cos((field.latitude[Math.floor(i / columns)] * Math.PI) / 180))
    sum += w * (style.factor * x) ** 2
    weights += w
  })
  return `RMS ${Number(Math.sqrt(sum / weights).toPrecision(3))} ${style.units}`
}

function coloured(field: NamedField, { min, max, map, bands }: PlotOptions): NamedField {
  const given = Object.entries({ min, max, map, bands }).filter(([, value]) => value !== undefined)
  return { ...field, scale: Object.fromEntries(given) }
}

function overlaysOf(fields: readonly NamedField[], hasWind: boolean, { barbs, contours }: PlotOptions) {
  const layers: { wind?: MapPanel['wind']; contours?: MapPanel['contours'] } = {}
  if (hasWind) layers.wind = { u: fields[0], v: fields[1], symbol: barbs ? 'barbs' : 'arrows' }
  const lines = contours ? fields[fields.length - 1] : undefined
  if (lines) {
    const { factor } = quantityStyle(lines.variable ?? '', { units: lines.units })
    layers.contours = { field: { ...lines, values: Float32Array.from(lines.values, (x) => factor * x) } }
  }
  return { layers, note: lines ? `lines: ${contourLabel(lines)}` : undefined }
}

/** Name and shown units of what contour lines stand for. */
function contourLabel(field: NamedField): string {
  const { label, units } = quantityStyle(field.variable ?? field.name, {
    level: field.level,
    units: field.units,
  })
  return `${label.charAt(0).toLowerCase()}${label.slice(1)} (${units})`
}

const label = (field: NamedField) => quantityStyle(field.variable ?? field.name, { level: field.level }).label

const subtitle = (parts: readonly string[]) => parts.filter(Boolean).join(' · ')

/** The region of a grid that does not go round the globe. */
function extent({ latitude, longitude }: LatLonField): Region {
  const lats = Array.from(latitude)
  if (longitude.length < 2) throw new ConfigError('a map needs more than one longitude')
  return {
    west: longitude[0],
    east: longitude[longitude.length - 1],
    south: Math.min(...lats),
    north: Math.max(...lats),
  }
}
