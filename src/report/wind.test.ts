import { describe, expect, it } from 'vitest'
import { mapFrame, projectionNames } from './projection.ts'
import { gridded, radians } from './testing/fields.ts'
import { windLayer, windPoints } from './wind.ts'

const still = gridded(() => 0)

describe('wind symbols', () => {
  it('a west wind blows to the right along the equator in every projection', () => {
    for (const projection of projectionNames) {
      const frame = mapFrame(600, { projection })
      const points = windPoints(frame, { u: gridded(() => 10), v: still })
      const middle = points.filter((p) => Math.abs(p.latitude) < 12 && Math.abs(p.x - 300) < 90)
      expect(middle.length).toBeGreaterThan(5)
      for (const p of middle) {
        expect(p.direction[0]).toBeGreaterThan(0.99)
        expect(p.speed).toBeCloseTo(10, 9)
      }
    }
  })

  it('turns with the meridians: a south wind points to the pole of an orthographic map', () => {
    const frame = mapFrame(400, { projection: 'orthographic', centre: [0, 90] })
    for (const p of windPoints(frame, { u: still, v: gridded(() => 7) })) {
      const [tx, ty] = [200 - p.x, 200 - p.y]
      expect((p.direction[0] * tx + p.direction[1] * ty) / Math.hypot(tx, ty)).toBeGreaterThan(0.98)
    }
  })

  it('barbs count knots: 65 kn is one flag, one stroke and a half', () => {
    const speed = (65 * 1852) / 3600
    const frame = mapFrame(200, { projection: 'equirectangular' })
    const layer = { u: gridded(() => speed), v: still, symbol: 'barbs' as const, spacing: 90 }
    const count = windPoints(frame, layer).length
    const { symbols } = windLayer(frame, layer)
    expect(symbols.match(/Z/g)).toHaveLength(count)
    // A staff, one full and one half stroke each, and the two sides of the flag.
    expect(symbols.match(/L/g)).toHaveLength(5 * count)
  })

  it('draws an arrow key of a round speed', () => {
    const frame = mapFrame(300)
    const jet = gridded((_, lat) => 30 * Math.cos(lat * radians))
    expect(windLayer(frame, { u: jet, v: still }).key).toMatch(/>\d+ m s⁻¹</)
    expect(windLayer(frame, { u: still, v: still })).toEqual({ symbols: '', key: '' })
  })
})
