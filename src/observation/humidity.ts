import { virtualTemperature } from '../atmosphere/constants.ts'
import type { ObservationTable } from '../io/observations/table.ts'
import { saturationHumidity } from '../io/prepbufr/humidity.ts'

/**
 * The saturation specific humidity (kg kg-1) at each humidity row, from the temperature of the same report, pressure
 * and time, the background's where none was observed; NaN where neither is known, and on other rows.
 */
export function saturationHumidities(table: ObservationTable): Float64Array {
  const temperature = new Map<string, number>()
  const key = (i: number) => `${table.sounding[i]} ${table.station[i]} ${table.time[i]} ${table.pressure[i]}`
  for (let i = 0; i < table.length; i++) {
    const code = table.variable[i]
    if (!['t', 'tv', 't2m', 'tv2m'].includes(code)) continue
    const value = Number.isFinite(table.value[i]) ? table.value[i] : table.background[i]
    // Without humidity there is no way back from virtual; in air that moist the difference is below 2 per cent of q_s.
    if (Number.isFinite(value))
      temperature.set(key(i), code.startsWith('tv') ? value / virtualTemperature(1, 0.005) : value)
  }
  return Float64Array.from({ length: table.length }, (_, i) => {
    if (table.variable[i] !== 'q' && table.variable[i] !== 'q2m') return Number.NaN
    const t = temperature.get(key(i))
    return t === undefined ? Number.NaN : saturationHumidity(t, table.pressure[i])
  })
}
