import { describe, expect, it } from 'vitest'
import { DataError } from '../base/errors.ts'
import { barChart, rankHistogramChart, scatterChart } from './distributionCharts.ts'
import { lineChart, powerOfTen, spectrumChart } from './lineChart.ts'
import { profileChart } from './profileChart.ts'
import { scorecard } from './scorecard.ts'
import { svgSize, svgToPng } from './svg.ts'
import { pixelsOf } from './testing/pixels.ts'

const x = [0, 6, 12, 18, 24]

/** The points of the k-th stroked line of a chart, in pixels. */
function polyline(svg: string, k: number): [number, number][] {
  const paths = [...svg.matchAll(/<path [^>]*?d="(M[^"]*)"/g)].map((m) => m[1])
  const long = paths.filter((d) => (d.match(/L/g) ?? []).length >= 3 && !d.endsWith('Z'))
  return [...long[k].matchAll(/([\d.]+),([\d.]+)/g)].map((m) => [Number(m[1]), Number(m[2])])
}

describe('charts', () => {
  it('draw a straight line through equal steps, with its interval, names and labels', () => {
    const y = x.map((t) => 2 * t + 1)
    const svg = lineChart({
      title: 'RMSE',
      series: [
        { name: 'Persistence', x, y, low: y.map((v) => v - 1), high: y.map((v) => v + 1) },
        { name: 'Forecast', x, y: [1, 2, Number.NaN, 4, 5] },
      ],
      xLabel: 'Lead time (h)',
      yLabel: 'RMSE (K)',
    })
    for (const text of ['RMSE', 'Persistence', 'Forecast', 'Lead time (h)', 'RMSE (K)'])
      expect(svg).toContain(`>${text}<`)
    const line = polyline(svg, 0)
    expect(line).toHaveLength(5)
    const slopes = line.slice(1).map(([px, py], i) => (py - line[i][1]) / (px - line[i][0]))
    for (const slope of slopes) expect(slope).toBeCloseTo(slopes[0], 6)
    expect(slopes[0]).toBeLessThan(0)
  })

  it('draw a power law straight on logarithmic axes', () => {
    const energy = Array.from({ length: 33 }, (_, k) => (k === 0 ? 999 : 100 * k ** -3))
    const line = polyline(spectrumChart({ spectra: [{ name: 'a', energy }] }), 0)
    expect(line).toHaveLength(32)
    const slope = (line[31][1] - line[0][1]) / (line[31][0] - line[0][0])
    for (const [px, py] of line) expect(py).toBeCloseTo(line[0][1] + slope * (px - line[0][0]), 2)
    expect([0.001, 0.02, 0.1, 10, 1e5].map(powerOfTen)).toEqual(['10⁻³', '', '0.1', '10', '10⁵'])
  })

  it('give a rank histogram bars of height 1 for flat counts', () => {
    const svg = rankHistogramChart({ counts: new Array(6).fill(50), title: 'Ranks' })
    const bars = [...svg.matchAll(/<rect [^>]*?height="([\d.]+)"/g)].map((m) => Number(m[1]))
    expect(bars.filter((h) => Math.abs(h - bars[1]) < 1e-6).length).toBeGreaterThanOrEqual(6)
    expect(() => rankHistogramChart({ counts: [0, 0] })).toThrow(DataError)
  })

  it('draw a bar for each value and refuse columns of different lengths', () => {
    const bars = ['1 %', '5 %'].flatMap((category) =>
      ['base', 'aligned'].map((group) => ({ category, group, value: 2 })),
    )
    const svg = barChart({ bars, yLabel: 'MSE' })
    expect(svg.match(/fill="#0072b2"/g)?.length).toBeGreaterThanOrEqual(2)
    expect(svg).toContain('>aligned<')
    expect(() => scatterChart({ x: [1], y: [1, 2] })).toThrow('1 values of x and 2 of y')
    expect(() => lineChart({ series: [{ name: 'a', x: [1, 2], y: [1] }] })).toThrow(
      'series a: 2 values of x but 1 of y',
    )
  })

  it('are PNGs that are neither blank nor made without text', async () => {
    const svg = scatterChart({ x, y: x, diagonal: true, title: 'Same', xLabel: 'a', yLabel: 'b' })
    const pixels = await pixelsOf(svgToPng(svg, { scale: 1 }))
    expect([pixels.width, pixels.height]).toEqual([svgSize(svg).width, svgSize(svg).height])
    // The title is drawn in ink with the shipped font: dark pixels in the top left corner.
    let dark = 0
    for (let py = 14; py < 34; py++) for (let px = 14; px < 80; px++) if (pixels.at(px, py)[0] < 80) dark++
    expect(dark).toBeGreaterThan(40)
    expect(pixels.share(([r]) => r < 250)).toBeGreaterThan(0.01)
  })
})

describe('profileChart', () => {
  it('has pressure downwards in logarithms, with all standard levels labelled', () => {
    const pressure = [1000, 850, 700, 500, 100]
    const svg = profileChart({
      profiles: [{ name: 'RMS', pressure, values: [5, 4, 3, 2, 1] }],
      xLabel: 'O-B (K)',
    })
    for (const level of pressure) expect(svg).toContain(`>${level}</text>`)
    const line = polyline(svg, 0)
    const perDecade = (line[4][1] - line[0][1]) / Math.log10(100 / 1000)
    expect(perDecade).toBeGreaterThan(0)
    line.forEach(([, y], k) => {
      expect(y).toBeCloseTo(line[0][1] + perDecade * Math.log10(pressure[k] / 1000), 1)
    })
    expect(() => profileChart({ profiles: [{ name: 'a', pressure, values: [1] }] })).toThrow(
      '5 pressures but 1 values',
    )
  })
})

describe('scorecard', () => {
  it('colours improvements blue and losses red, and puts in brackets what may be chance', () => {
    const svg = scorecard({
      cells: [
        { row: 'z500', column: '24 h', change: -0.08, significant: true },
        { row: 'z500', column: '48 h', change: 0.08, significant: true },
        { row: 't850', column: '24 h', change: -0.02, significant: false },
      ],
      limit: 0.1,
    })
    for (const text of ['z500', 't850', '24 h', '48 h', '−8.0', '+8.0', '(−2.0)'])
      expect(svg).toContain(`>${text}<`)
    const fill = (text: string) =>
      new RegExp(`<rect [^>]*fill="#([0-9a-f]{6})"/><text [^>]*>${text}<`).exec(svg)![1]
    const [blue, red] = [fill('−8.0'), fill('\\+8.0')].map((hex) =>
      [0, 2, 4].map((k) => Number.parseInt(hex.slice(k, k + 2), 16)),
    )
    expect(blue[2]).toBeGreaterThan(blue[0] + 50)
    expect(red[0]).toBeGreaterThan(red[2] + 50)
  })
})
