import { expect, it } from 'vitest'
import { forecastStarts, usualStep } from './starts.ts'

const hours = (...h: number[]) => h.map((x) => x * 3_600_000)

it('begins forecasts wherever all their times are there, and nowhere else', () => {
  const whole = hours(0, 6, 12, 18, 24, 30)
  expect(usualStep(whole)).toBe(6 * 3_600_000)
  expect(forecastStarts(whole, 1)).toEqual([0, 1, 2, 3, 4])
  expect(forecastStarts(whole, 3)).toEqual([0, 1, 2])
  expect(forecastStarts(whole, 6)).toEqual([])
  // 18 is missing; 31 lies between the steps.
  const holes = hours(0, 6, 12, 24, 30, 31, 36, 42, 48)
  expect(forecastStarts(holes, 1)).toEqual([0, 1, 3, 6, 7])
  expect(forecastStarts(holes, 2)).toEqual([0, 6])
  expect(forecastStarts(whole, 1, 3_600_000)).toEqual([])
  expect(forecastStarts([], 1)).toEqual([])
})
