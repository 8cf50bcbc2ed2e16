import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { geoGraticule, geoPath } from 'd3-geo'
import type { MultiLineString } from 'geojson'
import { mesh } from 'topojson-client'
import type { GeometryObject, Topology } from 'topojson-specification'
import type { MapFrame } from './projection.ts'
import { element } from './svg.ts'
import { theme } from './theme.ts'

let coast: MultiLineString | undefined

/** Coastlines at 1:110 million (Natural Earth, public domain), as lines of [longitude, latitude]. */
export function coastlines(): MultiLineString {
  if (!coast) {
    const path = createRequire(import.meta.url).resolve('world-atlas/land-110m.json')
    const topology = JSON.parse(readFileSync(path, 'utf8')) as Topology<{ land: GeometryObject }>
    coast = mesh(topology, topology.objects.land)
  }
  return coast
}

/** SVG of the coastlines; over a field they are drawn thin and dark, over an empty map in a quieter tone. */
export function coastLayer(
  frame: MapFrame,
  { colour = theme.coast as string, width = frame.regional ? 1.1 : 0.7, opacity = 0.85 } = {},
): string {
  const d = geoPath(frame.projection).digits(1)(coastlines()) ?? ''
  return element('path', {
    d,
    fill: 'none',
    stroke: colour,
    'stroke-width': width,
    'stroke-opacity': opacity,
    'stroke-linejoin': 'round',
  })
}

/** SVG of the graticule, every 30 degrees (finer on a regional map). */
export function graticuleLayer(frame: MapFrame): string {
  const step = frame.regional ? 10 : 30
  const lines = geoGraticule().step([step, step]).extentMajor([[-180, -90], [180, 90]]).extentMinor([[-180, -90], [180, 90]]) // biome-ignore format: a box
  const d = geoPath(frame.projection).digits(1)(lines()) ?? ''
  return element('path', { d, fill: 'none', stroke: theme.ink, 'stroke-width': 0.4, 'stroke-opacity': 0.22 })
}
