import { describe, expect, it } from 'vitest'
import { ConfigError } from '../base/errors.ts'
import { mapFrame, parseProjection, projectionNames, unproject } from './projection.ts'

describe('mapFrame', () => {
  it.each(projectionNames)('%s comes back from the map to where it started', (projection) => {
    const frame = mapFrame(600, { projection, centre: [30, projection === 'orthographic' ? 20 : 0] })
    for (const place of [[0, 0], [30, 45], [60, -30], [-20, 10]] as [number, number][]) {
      const [x, y] = frame.projection(place)!
      const back = unproject(frame, x, y)!
      expect(back[0]).toBeCloseTo(place[0], 3)
      expect(back[1]).toBeCloseTo(place[1], 3)
    }
    expect(unproject(frame, -5, frame.height / 2)).toBeUndefined()
  }) // biome-ignore format: coordinate pairs

  it('has the proportions of the projections', () => {
    expect(mapFrame(600, { projection: 'equirectangular' }).height).toBeCloseTo(300, 0)
    expect(mapFrame(600, { projection: 'orthographic' }).height).toBeCloseTo(600, 0)
    // Robinson: height 0.5072 of the width (Snyder 1990).
    expect(mapFrame(600, { projection: 'robinson' }).height / 600).toBeCloseTo(0.5072, 3)
  })

  it('keeps the corners of a robinson map off the globe', () => {
    const frame = mapFrame(600)
    expect(unproject(frame, 5, 5)).toBeUndefined()
    expect(unproject(frame, 300, 5)).toBeDefined()
  })

  it('fills a rectangle with a region, also across the date line', () => {
    const frame = mapFrame(500, {
      projection: 'equirectangular',
      region: { west: 150, east: -120, south: -10, north: 50 },
    })
    const [left, top] = frame.projection([150, 50])!
    const [right, bottom] = frame.projection([-120, -10])!
    expect([left, top]).toEqual([expect.closeTo(0, 0), expect.closeTo(0, 0)])
    expect([right, bottom]).toEqual([expect.closeTo(500, 0), expect.closeTo(frame.height, 0)])
    // True to shape in the middle, at 20 degrees north.
    expect(frame.height / 500).toBeCloseTo(60 / (90 * Math.cos((20 * Math.PI) / 180)), 2)
  })

  it('names the nearest projection and refuses an empty region', () => {
    expect(() => parseProjection('robinsen')).toThrow('did you mean robinson')
    expect(() => mapFrame(100, { region: { west: 0, east: 10, south: 20, north: 10 } })).toThrow(ConfigError)
  })
})
