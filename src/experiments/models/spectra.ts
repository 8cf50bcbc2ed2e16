import type { Series } from '../../io/series.ts'
import { zonalSpectrum } from '../../verification/spectrum.ts'

/** Channels whose spectra are looked at: a surface wind, the jet, mass, temperature and moisture. */
export const spectrumChannels = ['u10', 'v500', 'z500', 't850', 'q850']

/** Mean zonal spectra of normalised states [n, channel, lat, lon], by channel: power at each wavenumber. */
export function meanSpectra(
  states: Float32Array,
  { channels, grid, stateSize }: Series,
): Map<string, Float64Array> {
  const count = states.length / stateSize
  return new Map(
    spectrumChannels
      .filter((name) => channels.has(name))
      .map((name) => {
        const at = channels.index(name) * grid.size
        const sum = new Float64Array(Math.floor(grid.longitude.length / 2) + 1)
        for (let n = 0; n < count; n++) {
          const field = states.subarray(n * stateSize + at, n * stateSize + at + grid.size)
          zonalSpectrum(field, grid).forEach((power, k) => {
            sum[k] += power / count
          })
        }
        return [name, sum]
      }),
  )
}

/** The largest relative departure from the truth's power over wavenumbers 1 .. `last`, of any channel. */
export function worstDeparture(
  spectra: ReadonlyMap<string, Float64Array>,
  truth: ReadonlyMap<string, Float64Array>,
  last: number,
): { channel: string; wavenumber: number; departure: number } {
  let worst = { channel: '', wavenumber: 0, departure: 0 }
  for (const [channel, power] of spectra)
    for (let wavenumber = 1; wavenumber <= last; wavenumber++) {
      const departure = power[wavenumber] / (truth.get(channel) as Float64Array)[wavenumber] - 1
      if (Math.abs(departure) > Math.abs(worst.departure)) worst = { channel, wavenumber, departure }
    }
  return worst
}
