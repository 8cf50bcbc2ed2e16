import { describe, expect, it } from 'vitest'
import { isolines } from './contours.ts'
import { gridded, radians } from './testing/fields.ts'

describe('isolines', () => {
  it('follow circles of latitude all the way round, in one line each', () => {
    const field = gridded((_, lat) => lat)
    const found = isolines(field, [-40, 0, 33])
    expect(found.map((f) => f.lines.coordinates.length)).toEqual([1, 1, 1])
    for (const { value, lines } of found) {
      const [line] = lines.coordinates
      for (const [, lat] of line) expect(lat).toBeCloseTo(value, 6)
      const lons = line.map(([lon]) => lon)
      expect(Math.max(...lons) - Math.min(...lons)).toBeCloseTo(360, 6)
    }
  })

  it('are as many as the waves of the field, and lie where the field has the value', () => {
    const field = gridded((lon, lat) => Math.cos(4 * lon * radians) * Math.cos(lat * radians) ** 2)
    const [positive, negative] = isolines(field, [0.5, -0.5], { interpolation: 'cubic', step: 0.5 })
    // Four closed highs, the one at the seam cut in two, and four closed lows.
    expect(positive.lines.coordinates).toHaveLength(5)
    expect(negative.lines.coordinates).toHaveLength(4)
    for (const [lon, lat] of positive.lines.coordinates.flat())
      expect(Math.cos(4 * lon * radians) * Math.cos(lat * radians) ** 2).toBeCloseTo(0.5, 1)
  })

  it('close over a pole the grid does not hold, and do not follow the rim of the grid', () => {
    const field = gridded((_, lat) => lat)
    const [line] = isolines(field, [88.6])
    for (const [, lat] of line.lines.coordinates.flat()) expect(lat).toBeGreaterThan(87)
    expect(isolines(field, [-200, 200]).every((f) => f.lines.coordinates.length === 0)).toBe(true)
    const regional = { latitude: [40, 45, 50], longitude: [0, 5, 10], values: [0, 5, 10, 0, 5, 10, 0, 5, 10] }
    const [meridian] = isolines(regional, [2.5])
    for (const [lon] of meridian.lines.coordinates.flat()) expect(lon).toBeCloseTo(2.5, 9)
    expect(meridian.lines.coordinates).toHaveLength(1)
  })
})
