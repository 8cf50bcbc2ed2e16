import { expect, it } from 'vitest'
import { prettyUnits, quantityStyle } from './quantity.ts'

it('chooses colours by quantity and by what is shown of it', () => {
  expect(quantityStyle('temperature', { level: 850 })).toMatchObject({
    label: 'Temperature at 850 hPa',
    units: 'K',
    map: 'thermal',
    symmetric: false,
  })
  expect(quantityStyle('u_component_of_wind')).toMatchObject({ map: 'vik', symmetric: true })
  expect(quantityStyle('temperature', { kind: 'difference' })).toMatchObject({
    map: 'balance',
    symmetric: true,
  })
  expect(quantityStyle('temperature', { kind: 'magnitude' })).toMatchObject({ map: 'amp', fromZero: true })
})

it('shows humidity in g/kg and pressure in hPa, but only when they are stored in SI units', () => {
  expect(quantityStyle('specific_humidity', { units: 'kg kg**-1' })).toMatchObject({
    factor: 1000,
    units: 'g kg⁻¹',
  })
  expect(quantityStyle('mean_sea_level_pressure', { units: 'Pa' }).factor).toBe(0.01)
  expect(quantityStyle('mean_sea_level_pressure', { units: 'hPa' })).toMatchObject({
    factor: 1,
    units: 'hPa',
  })
})

it('names an unknown quantity by itself', () => {
  expect(quantityStyle('soil_moisture', { units: 'm3 m-3' })).toMatchObject({
    label: 'Soil moisture',
    units: 'm³ m⁻³',
  })
  expect(prettyUnits('m**2 s**-2')).toBe('m² s⁻²')
})
