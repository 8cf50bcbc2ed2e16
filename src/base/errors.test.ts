import { expect, it } from 'vitest'
import { didYouMean, nearest } from './errors.ts'

it('finds the nearest names and stays silent when nothing is close', () => {
  expect(nearest('geopotental', ['temperature', 'geopotential', 'u_component_of_wind'], 1)).toEqual([
    'geopotential',
  ])
  expect(didYouMean('z550', ['z500', 'z850', 'q'])).toBe(' (did you mean z500, z850?)')
  expect(didYouMean('xyz', ['land_sea_mask'])).toBe('')
})
