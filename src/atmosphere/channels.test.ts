import { describe, expect, it } from 'vitest'
import { ChannelSet, paperChannels, parseChannel, speedyChannels } from './channels.ts'
import { epsilon, g, kappa, Rd, Rv, virtualTemperature } from './constants.ts'
import { levelIndex, levels37, pressureLevels } from './levels.ts'
import { canonicalUnits, unitConversion } from './units.ts'
import { conversionTo, nameInFile, variable, variableOfGrib2, variables } from './variables.ts'

describe('channels', () => {
  it('are the 39 of the SPEEDY nature run and the 69 of the paper, surface first, top down', () => {
    expect(speedyChannels.length).toBe(39)
    expect(paperChannels.length).toBe(69)
    expect(speedyChannels.names.slice(0, 6)).toEqual(['u10', 'v10', 't2m', 'msl', 'z100', 'z200'])
    expect(speedyChannels.index('z500')).toBe(7)
    expect(speedyChannels.names.at(-1)).toBe('v925')
    expect(speedyChannels.levelsOf('t').map((l) => l.level)).toEqual([100, 200, 300, 500, 700, 850, 925])
    expect(paperChannels.levelsOf('temperature')[0]).toEqual({ index: 17, level: 50 })
    expect(new Set(paperChannels.variables.map((v) => v.short))).toEqual(
      new Set(['u10', 'v10', 't2m', 'msl', 'z', 't', 'q', 'u', 'v']),
    )
  })

  it('come back from their names', () => {
    for (const set of [speedyChannels, paperChannels]) {
      expect(ChannelSet.of(String(set)).equals(set)).toBe(true)
      expect(ChannelSet.of(JSON.parse(JSON.stringify(set)), { order: 'given' }).equals(set)).toBe(true)
    }
  })

  it('sort into canonical order unless told to keep the given one', () => {
    const names = ['v850', 'msl', 'z850', 'z50', 'u10']
    expect(ChannelSet.of(names).names).toEqual(['u10', 'msl', 'z50', 'z850', 'v850'])
    expect(ChannelSet.of(names, { order: 'given' }).names).toEqual(names)
  })

  it('tell the 10 m wind from the wind at 10 hPa', () => {
    expect(parseChannel('u10').level).toBeUndefined()
    expect(parseChannel('u@10')).toMatchObject({ name: 'u@10', level: 10 })
    expect(parseChannel('u100').level).toBe(100)
    for (const { short } of variables.filter((v) => v.kind === 'pressure'))
      for (const level of levels37) {
        const { name } = parseChannel(`${short}@${level}`)
        expect(parseChannel(name)).toMatchObject({ level, name })
      }
  })

  it('accept long names and aliases, and name what was probably meant', () => {
    expect(parseChannel('geopotential_500').name).toBe('z500')
    expect(parseChannel('2m_temperature').name).toBe('t2m')
    expect(parseChannel('TMP850').name).toBe('t850')
    expect(() => parseChannel('zz500')).toThrow(/did you mean z500/)
    expect(() => parseChannel('z')).toThrow(/needs a pressure level, as in z500/)
    expect(() => parseChannel('z50000')).toThrow(/50000 hPa is no pressure level/)
    expect(() => speedyChannels.index('z550')).toThrow(/not in this set of 39 \(did you mean z500/)
    expect(() => ChannelSet.of('z500,z500')).toThrow(/listed twice/)
  })
})

describe('variables', () => {
  it('are found by any of their names', () => {
    expect(variable('Z').name).toBe('geopotential')
    expect(variable('10m_u_component_of_wind').short).toBe('u10')
    expect(() => variable('geopotental')).toThrow(/did you mean geopotential/)
    expect(nameInFile(variable('msl'), ['time', 'PRMSL', 'T2M'])).toBe('PRMSL')
    expect(nameInFile(variable('q'), ['t'])).toBeUndefined()
  })

  it('are told apart in GRIB2 by their surface', () => {
    expect(variableOfGrib2([0, 0, 0], [103, 2])?.short).toBe('t2m')
    expect(variableOfGrib2([0, 0, 0], [100, 50000])?.short).toBe('t')
    expect(variableOfGrib2([0, 2, 2], [103, 10])?.short).toBe('u10')
    expect(variableOfGrib2([0, 2, 2], [103, 100])).toBeUndefined()
    expect(variableOfGrib2([0, 3, 1], [101])?.short).toBe('msl')
  })

  it('are converted from the units files have', () => {
    const at = (name: string, units: string, x: number) => {
      const { scale, offset } = conversionTo(variable(name), units)
      return x * scale + offset
    }
    expect(at('geopotential', 'm', 5500)).toBeCloseTo(5500 * g, 9)
    expect(at('geopotential', 'gpm', 5500)).toBeCloseTo(5500 * g, 9)
    expect(at('z', 'm**2 s**-2', 1)).toBe(1)
    expect(at('msl', 'hPa', 1013.25)).toBeCloseTo(101325, 9)
    expect(at('t', 'degC', 20)).toBeCloseTo(293.15, 9)
    expect(at('q', 'g/kg', 8)).toBeCloseTo(0.008, 12)
    expect(at('q', 'mg kg**-1', 8000)).toBeCloseTo(0.008, 12)
    expect(at('q', '1', 0.008)).toBe(0.008)
    expect(at('u', 'knots', 10)).toBeCloseTo(5.14444, 5)
    expect(at('r', '%', 50)).toBe(0.5)
    expect(at('tp6h', 'mm', 3)).toBeCloseTo(0.003, 12)
    expect(at('zs', 'm', 10)).toBeCloseTo(98.0665, 9)
    expect(() => at('u', 'K', 1)).toThrow(/u_component_of_wind: units 'K' cannot be converted to 'm s-1'/)
    expect(() => at('t', 'm', 1)).toThrow(/cannot be converted/)
  })
})

it('units have one spelling', () => {
  for (const spelling of ['m**2 s**-2', 'm^2/s^2', 'm2.s-2', 's-2 m2', 'm^2 s^-2', ' m2  s-2'])
    expect(canonicalUnits(spelling)).toBe('m2 s-2')
  expect(canonicalUnits('kg/kg')).toBe('kg kg-1')
  expect(canonicalUnits('')).toBe('1')
  expect(unitConversion('Pa', 'hPa').scale).toBe(0.01)
  expect(unitConversion('K', 'degC')).toEqual({ scale: 1, offset: -273.15 })
})

describe('pressure levels', () => {
  it('come out in hPa', () => {
    expect(pressureLevels([50, 500, 1000])).toEqual({ levels: [50, 500, 1000] })
    expect(pressureLevels([100000, 70000], 'Pa')).toEqual({ levels: [1000, 700] })
    expect(pressureLevels([1, 1000], 'Pa').levels).toEqual([0.01, 10])
    expect(pressureLevels([500], 'millibars').levels).toEqual([500])
  })

  it('in Pa without saying so, or saying hPa, are recognised with a remark', () => {
    expect(pressureLevels([5000, 50000, 100000])).toEqual({
      levels: [50, 500, 1000],
      remark: 'levels up to 100000 without units were taken as Pa',
    })
    expect(pressureLevels([50000], 'hPa').levels).toEqual([500])
    expect(pressureLevels([50000], 'hPa').remark).toMatch(/'hPa' were taken as Pa/)
  })

  it('that cannot be are refused', () => {
    expect(() => pressureLevels([500, -1])).toThrow(/-1 is not a positive/)
    expect(() => pressureLevels([500, 500])).toThrow(/not distinct/)
    expect(() => pressureLevels([2e7])).toThrow(/above 1100 hPa/)
    expect(() => pressureLevels([500], 'm')).toThrow(/cannot be converted to 'hPa'/)
    expect(() => levelIndex([500, 700, 850], 600)).toThrow(/no level 600 hPa; the nearest are 500 and 700/)
    expect(levelIndex([500, 700, 850], 850)).toBe(2)
  })
})

it('constants agree with the values the IFS prints', () => {
  expect(Rd).toBeCloseTo(287.0597, 3)
  expect(Rv).toBeCloseTo(461.525, 3)
  expect(epsilon).toBeCloseTo(0.62198, 5)
  expect(kappa).toBeCloseTo(2 / 7, 15)
  expect(virtualTemperature(300, 0.01)).toBeCloseTo(300 * 1.0060777, 3)
})
