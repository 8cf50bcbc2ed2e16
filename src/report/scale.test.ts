import { describe, expect, it } from 'vitest'
import { DataError } from '../base/errors.ts'
import { colourMap, colourMapNames, cssColour, luminance } from './colours.ts'
import { colourScale, formatTicks, niceStep } from './scale.ts'

describe('colourMap', () => {
  it('gives the published ends and never leaves the cube of colours', () => {
    expect(cssColour(colourMap('batlow').at(0))).toBe('#011959')
    expect(cssColour(colourMap('batlow').at(1))).toBe('#faccfa')
    expect(cssColour(colourMap('batlow_r').at(0))).toBe('#faccfa')
    for (const name of colourMapNames)
      for (let t = -0.5; t <= 1.5; t += 0.01)
        for (const c of colourMap(name).at(t)) expect(c >= 0 && c <= 255).toBe(true)
  })

  it('has diverging maps that are lightest in the middle, and sequential ones that rise or fall', () => {
    for (const name of colourMapNames) {
      const map = colourMap(name)
      const light = Array.from({ length: 33 }, (_, k) => luminance(map.at(k / 32)))
      if (map.diverging) {
        expect(light[16]).toBeGreaterThan(0.7)
        expect(light[16]).toBeGreaterThan(Math.max(light[0], light[32]) * 2)
      } else {
        const sign = Math.sign(light[32] - light[0])
        for (let k = 1; k < 33; k++) expect(sign * (light[k] - light[k - 1])).toBeGreaterThan(-0.03)
      }
    }
  })

  it('names the nearest map', () => {
    expect(() => colourMap('balanc')).toThrow('did you mean balance')
  })
})

describe('colourScale', () => {
  const values = Array.from({ length: 1001 }, (_, i) => i * 0.0173 - 3)

  it('ends on round numbers around the values and colours them from end to end', () => {
    const scale = colourScale(values, { map: 'thermal', clip: 0 })
    expect([scale.min, scale.max]).toEqual([-3, 15])
    expect(scale.colour(-3)).toEqual(colourMap('thermal').at(0))
    expect(scale.colour(15)).toEqual(colourMap('thermal').at(1))
    expect(scale.extend).toEqual({ below: false, above: false })
  })

  it('is white at zero and even about it where signs matter', () => {
    for (const bands of [0, 10, 15]) {
      const scale = colourScale(values, { map: 'balance', symmetric: true, bands })
      expect(scale.min).toBe(-scale.max)
      expect(scale.colour(0)).toEqual(colourMap('balance').at(0.5))
      expect(luminance(scale.colour(0))).toBeGreaterThan(0.8)
    }
  })

  it('says when values lie beyond its ends', () => {
    const scale = colourScale([...values, 900, Number.NaN], { map: 'speed', min: 0 })
    expect(scale.min).toBe(0)
    expect(scale.max).toBeLessThan(20)
    expect(scale.extend).toEqual({ below: true, above: true })
  })

  it('has as many colours as bands', () => {
    const scale = colourScale(values, { map: 'rain', min: 0, max: 10, bands: 10 })
    expect(scale.edges).toHaveLength(11)
    expect(new Set(Array.from({ length: 500 }, (_, k) => cssColour(scale.colour(k / 50)))).size).toBe(10)
    expect(scale.colour(0.5)).toEqual(colourMap('rain').at(0))
    expect(scale.colour(9.5)).toEqual(colourMap('rain').at(1))
  })

  it('draws a constant field and refuses one without values', () => {
    const scale = colourScale([5, 5, 5], { map: 'batlow' })
    expect(scale.min < 5 && scale.max > 5).toBe(true)
    expect(() => colourScale([Number.NaN], { map: 'batlow' })).toThrow(DataError)
    expect(() => colourScale([1], { map: 'batlow', min: 3, max: 2 })).toThrow('not below')
  })
})

describe('numbers on axes', () => {
  it('steps by 1, 2, 2.5 or 5 times a power of ten', () => {
    expect(niceStep(0, 1, 10)).toBeCloseTo(0.1, 12)
    expect(niceStep(0, 100, 6)).toBe(20)
    expect(niceStep(0, 0.0023, 10)).toBeCloseTo(0.00025, 12)
  })

  it('writes minus signs, thousands and just enough decimals', () => {
    expect(formatTicks([-1, -0.5, 0, 0.5])).toEqual(['−1.0', '−0.5', '0.0', '0.5'])
    expect(formatTicks([48000, 50000])).toEqual(['48 000', '50 000'])
    expect(formatTicks([960, 970.5])).toEqual(['960.0', '970.5'])
    expect(formatTicks([0, 0.00002, 0.00004])).toEqual(['0', '2×10⁻⁵', '4×10⁻⁵'])
  })
})
