import { basename } from 'node:path'
import { ConfigError, DataError } from '../base/errors.ts'
import { filter, type ObservationTable } from '../io/observations/table.ts'
import { observedVariables } from '../io/observations/variables.ts'
import { profileChart } from '../report/profileChart.ts'
import { prettyUnits, quantityStyle } from '../report/quantity.ts'
import { departuresByLayer } from './obsLayers.ts'
import { modelNames } from './obsMap.ts'

/**
 * Mean and root mean square of observation minus background by layer, marks up to 3. Layers with fewer than 30
 * observations are left out.
 * @throws ConfigError for several variables
 * @throws DataError without a background.
 */
export function obsProfile(
  table: ObservationTable,
  { file, title }: { file: string; title?: string },
): string {
  const variables = [...new Set(table.variable)]
  if (variables.length !== 1)
    throw new ConfigError(`--profile needs one --variable; the selection has ${variables.join(', ')}`)
  const [code] = variables
  const { factor, units } = quantityStyle(modelNames[code] ?? code, { units: observedVariables[code]?.unit })
  const good = filter(table, (i) => table.quality[i] <= 3)
  const layers = departuresByLayer(good).filter((l) => l.bottom !== undefined)
  const used = layers.reduce((sum, l) => sum + l.count, 0)
  const kept = layers.filter((l) => l.count >= 30)
  if (kept.length < 2)
    throw new DataError(
      'too few observations with a background, a pressure and a quality mark up to 3 for a profile',
    )
  const pressure = kept.map((l) => Math.sqrt((l.bottom as number) * (l.top as number)))
  const name = observedVariables[code]?.name ?? code
  return profileChart({
    title: title ?? `Observation minus background: ${name}`,
    subtitle: `${basename(file)} · ${used} observations, quality marks 0 to 3`,
    xLabel: `Observation minus background (${prettyUnits(units)})`,
    width: 540,
    profiles: [
      { name: 'Root mean square', pressure, values: kept.map((l) => factor * l.rms) },
      { name: 'Mean', pressure, values: kept.map((l) => factor * l.mean), dashed: true },
    ],
  })
}
