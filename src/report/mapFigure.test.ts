import { describe, expect, it } from 'vitest'
import { colourMap } from './colours.ts'
import { mapFigure, mapsApart } from './mapFigure.ts'
import { svgSize, svgToPng } from './svg.ts'
import { gridded, radians } from './testing/fields.ts'
import { pixelsOf } from './testing/pixels.ts'

const north = gridded((_, lat) => 250 + 40 * Math.cos(lat * radians))

describe('mapFigure', () => {
  it('is an SVG with its texts, and a PNG of the size asked for with the colours of the field', async () => {
    const svg = mapFigure({
      title: 'Temperature <now>',
      subtitle: '1984-04-01',
      panels: [{ field: { ...north, variable: 'temperature', level: 850, scale: { min: 250, max: 290 } } }],
      width: 500,
    })
    expect(svg).toContain('Temperature &#60;now&#62;')
    expect(svg).toContain('Temperature at 850 hPa (K)')
    for (const tick of ['250', '260', '270', '280', '290']) expect(svg).toContain(`>${tick}</text>`)
    const pixels = await pixelsOf(svgToPng(svg, { scale: 2 }))
    expect(pixels.width).toBe(1000)
    expect(pixels.height).toBe(2 * svgSize(svg).height)
    expect(pixels.colours()).toBeGreaterThan(500)
    // The equator has the upper end of the scale, the poles the lower end; corners are paper.
    const warm = colourMap('thermal').at(0.999)
    const near = (a: readonly number[], b: readonly number[]) => a.every((c, k) => Math.abs(c - b[k]) < 12)
    expect(pixels.share((rgb) => near(rgb, warm))).toBeGreaterThan(0.03)
    expect(pixels.at(3, 3)).toEqual([255, 255, 255])
  })

  it('draws maps apart on the scale of their group, with values on a short bar that do not touch', () => {
    const wide = { ...north, values: Float64Array.from(north.values, (v) => 4 * (v - 270)) }
    const fields = [north, wide].map((field) => ({
      ...field,
      variable: 'temperature',
      kind: 'difference' as const,
    }))
    const ticks = (svg: string) =>
      [...svg.matchAll(/x="([\d.]+)" [^>]*>(−?\d+)<\/text>/g)].map((m) => [+m[1], m[2]] as const)
    const panels = fields.map((field) => ({ field: { ...field, group: 'all' } }))
    const [first, second] = mapsApart({ panels, width: 200, ratio: 0.5 }).map(ticks)
    expect(first).toEqual(second)
    expect(first.map(([, text]) => text)).toContain('0')
    for (let k = 1; k < first.length; k++) expect(first[k][0] - first[k - 1][0]).toBeGreaterThan(24)
  })

  it('shares one colour bar in a group and gives the others their own', () => {
    const panel = (title: string, group?: string) => ({
      title,
      field: { ...north, variable: 'temperature', group },
    })
    const difference = {
      title: 'Increment',
      field: { ...north, variable: 'temperature', kind: 'difference' as const },
    }
    const svg = mapFigure({
      columns: 3,
      ratio: 0.5,
      panels: [panel('Truth', 't'), panel('Background', 't'), difference],
    })
    expect(svg.match(/>Temperature \(K\)</g)).toHaveLength(1)
    expect(svg.match(/>Difference in temperature \(K\)</g)).toHaveLength(1)
    for (const title of ['Truth', 'Background', 'Increment']) expect(svg).toContain(`>${title}<`)
    const ids = [...svg.matchAll(/ id="([^"]+)"/g)].map((m) => m[1])
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('leaves missing values in the grey of nothing', async () => {
    const half = gridded((lon) => (lon < 180 ? Number.NaN : 1 + lon / 360))
    const svg = mapFigure({ projection: 'equirectangular', panels: [{ field: half }], width: 400 })
    const pixels = await pixelsOf(svgToPng(svg, { scale: 1 }))
    const missing = pixels.share(([r, g, b]) => r === 0xe3 && g === 0xe6 && b === 0xea)
    expect(missing).toBeGreaterThan(0.2)
    expect(missing).toBeLessThan(0.5)
  })

  it('labels contour lines with their values and dashes negative ones', () => {
    const wave = gridded((lon, lat) => 30 * Math.sin(2 * lat * radians) + 5 * Math.sin(3 * lon * radians))
    const svg = mapFigure({ panels: [{ contours: { field: wave, values: [-20, 0, 20] } }], width: 700 })
    for (const label of ['−20', '0', '20']) expect(svg).toContain(`>${label}</text>`)
    expect(svg.match(/stroke-dasharray="4 2.5"/g)).toHaveLength(1)
  })
})
