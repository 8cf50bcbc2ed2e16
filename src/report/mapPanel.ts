import { coastLayer, graticuleLayer } from './basemap.ts'
import { cssColour } from './colours.ts'
import { type ContourLayer, contourLayer } from './contourLayer.ts'
import { type Interpolation, type LatLonField, sampler } from './field.ts'
import { dataAddress, encodePng } from './png.ts'
import type { MapFrame } from './projection.ts'
import { type FieldKind, type QuantityStyle, quantityStyle } from './quantity.ts'
import { rasterise } from './raster.ts'
import { type ColourScale, colourScale, type ScaleOptions } from './scale.ts'
import { element } from './svg.ts'
import { theme } from './theme.ts'
import { type WindLayer, windLayer } from './wind.ts'

/** How values are shown in colour; what is not given is chosen by the variable. */
export interface Colouring {
  /** WeatherBench2 name of the variable: chooses label, units and colours. */
  readonly variable?: string
  /** Pressure level in hPa, for the label. */
  readonly level?: number
  /** A field (the default), a signed difference such as an increment, or a size such as a spread. */
  readonly kind?: FieldKind
  /** Units of the values given (SI where not given). */
  readonly units?: string
  /** Text at the colour bar, in place of the variable's name and units. */
  readonly label?: string
  readonly scale?: Partial<ScaleOptions>
  /** Panels of the same group share one scale and one colour bar. */
  readonly group?: string
}

/** Points on a map, coloured by value where values are given. */
export interface StationLayer extends Colouring {
  readonly longitude: ArrayLike<number>
  readonly latitude: ArrayLike<number>
  readonly values?: ArrayLike<number>
  /** Diameter in CSS pixels (default 4). */
  readonly size?: number
  /** Colour of points without values. */
  readonly fill?: string
  /** Draws rings, through which the field below is seen. */
  readonly hollow?: boolean
}

/** One map: layers from below to above. All but the title may be left out. */
export interface MapPanel {
  readonly title?: string
  readonly field?: LatLonField & Colouring
  readonly contours?: ContourLayer
  readonly wind?: WindLayer
  readonly stations?: StationLayer
  /** Small text at the right of the title, such as a global mean or an RMSE. */
  readonly note?: string
}

/** The values of a panel that its colours stand for. */
export function colouredLayer(panel: MapPanel): (Colouring & { values: ArrayLike<number> }) | undefined {
  if (panel.field) return panel.field
  const { stations } = panel
  return stations?.values ? { ...stations, values: stations.values } : undefined
}

/** The style of a colouring: factor to shown units, and the colour bar's text. */
export function colouringStyle(colouring: Colouring): QuantityStyle {
  const style = quantityStyle(colouring.variable ?? '', colouring)
  const units = style.units && style.units !== '1' ? ` (${style.units})` : ''
  const label = colouring.label ?? (style.label ? `${style.label}${units}` : units.trim())
  return { ...style, label }
}

/** A scale for one or several colourings that share it. */
export function sharedScale(layers: readonly (Colouring & { values: ArrayLike<number> })[]): ColourScale {
  const style = colouringStyle(layers[0])
  let length = 0
  for (const { values } of layers) length += values.length
  const all = new Float64Array(length)
  let at = 0
  for (const { values } of layers)
    for (let i = 0; i < values.length; i++) all[at++] = style.factor * values[i]
  const min = style.fromZero ? { min: 0 } : {}
  return colourScale(all, { map: style.map, symmetric: style.symmetric, ...min, ...layers[0].scale })
}

/** SVG of one map in its frame, without title and colour bar; `id` must be unique within the document. */
export function mapLayers(
  frame: MapFrame,
  panel: MapPanel,
  scale: ColourScale | undefined,
  { id, interpolation, ratio = 2 }: { id: string; interpolation: Interpolation; ratio?: number },
): { map: string; key: string } {
  const inside: string[] = []
  const background = panel.field ? theme.missing : '#f3f5f7'
  inside.push(element('path', { d: frame.outline, fill: background }))
  if (panel.field && scale) inside.push(fieldImage(frame, panel.field, scale, interpolation, ratio))
  inside.push(graticuleLayer(frame))
  inside.push(
    panel.field ? coastLayer(frame) : coastLayer(frame, { colour: '#8a97a5', width: 0.8, opacity: 1 }),
  )
  if (panel.contours) inside.push(contourLayer(frame, panel.contours, interpolation))
  const wind = panel.wind ? windLayer(frame, panel.wind) : { symbols: '', key: '' }
  inside.push(wind.symbols)
  if (panel.stations)
    inside.push(stationDots(frame, panel.stations, panel.stations.values ? scale : undefined))
  const map =
    element('clipPath', { id: `${id}-clip` }, element('path', { d: frame.outline })) +
    element('g', { 'clip-path': `url(#${id}-clip)` }, inside.join('')) +
    element('path', { d: frame.outline, fill: 'none', stroke: theme.ink, 'stroke-width': 0.9 })
  return { map, key: wind.key }
}

function fieldImage(
  frame: MapFrame,
  field: LatLonField & Colouring,
  scale: ColourScale,
  interpolation: Interpolation,
  ratio: number,
): string {
  const { factor } = colouringStyle(field)
  const sample = sampler(field, interpolation)
  const raster = rasterise(frame, (lon, lat) => factor * sample(lon, lat), scale, ratio)
  const attributes = { x: 0, y: 0, width: raster.width / ratio, height: raster.height / ratio }
  return element('image', {
    ...attributes,
    'xlink:href': dataAddress(encodePng(raster)),
    preserveAspectRatio: 'none',
  })
}

function stationDots(frame: MapFrame, stations: StationLayer, scale: ColourScale | undefined): string {
  const { longitude, latitude, values, size = 4, fill = theme.series[0] } = stations
  const { factor } = colouringStyle(stations)
  const dots: string[] = []
  for (let i = 0; i < longitude.length; i++) {
    const place: [number, number] = [longitude[i], latitude[i]]
    const point = frame.projection(place)
    if (!point || (values && !Number.isFinite(values[i])) || !isVisible(frame, place)) continue
    const colour = values && scale ? cssColour(scale.colour(factor * values[i])) : fill
    dots.push(
      element('circle', {
        cx: point[0],
        cy: point[1],
        r: size / 2,
        fill: stations.hollow ? undefined : colour,
      }),
    )
  }
  if (stations.hollow) return element('g', { fill: 'none', stroke: fill, 'stroke-width': 0.4 }, dots.join(''))
  const rim = size >= 3 ? { stroke: theme.paper, 'stroke-width': 0.5 } : {}
  return element(
    'g',
    values ? { stroke: theme.ink, 'stroke-width': size >= 4 ? 0.35 : 0.15 } : rim,
    dots.join(''),
  )
}

/** The orthographic projection maps the far side too: a place is shown when d3 would draw it. */
function isVisible(frame: MapFrame, [longitude, latitude]: [number, number]): boolean {
  let seen = false
  const sink = {
    point: () => (seen = true),
    lineStart() {},
    lineEnd() {},
    polygonStart() {},
    polygonEnd() {},
  }
  frame.projection.stream(sink).point(longitude, latitude)
  return seen
}
