import { basename } from 'node:path'
import { ConfigError, DataError } from '../base/errors.ts'
import type { ObservationTable } from '../io/observations/table.ts'
import { observedVariables } from '../io/observations/variables.ts'
import { profileChart } from '../report/profileChart.ts'
import { prettyUnits, quantityStyle } from '../report/quantity.ts'
import { modelNames } from './obsMap.ts'

/** Edges of layers in hPa, those of the usual verification of radiosondes. */
const edges = [1050, 950, 887.5, 775, 600, 450, 350, 275, 225, 175, 125, 85, 60, 40, 25, 15]

/**
 * Mean and root mean square of observation minus background by layer, marks up to 3. Layers with fewer than 30
 * observations are left out.
 * @throws ConfigError for several variables, DataError without a background.
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
  const layers = edges.slice(1).map((top, k) => ({ bottom: edges[k], top, n: 0, sum: 0, square: 0 }))
  let used = 0
  for (let i = 0; i < table.length; i++) {
    const departure = factor * (table.value[i] - table.background[i])
    const pressure = table.pressure[i] / 100
    if (Number.isNaN(departure) || table.quality[i] > 3) continue
    const layer = layers.find((l) => pressure <= l.bottom && pressure > l.top)
    if (!layer) continue
    used++
    layer.n++
    layer.sum += departure
    layer.square += departure * departure
  }
  const kept = layers.filter((l) => l.n >= 30)
  if (kept.length < 2)
    throw new DataError(
      'too few observations with a background, a pressure and a quality mark up to 3 for a profile',
    )
  const pressure = kept.map((l) => Math.sqrt(l.bottom * l.top))
  const name = observedVariables[code]?.name ?? code
  return profileChart({
    title: title ?? `Observation minus background: ${name}`,
    subtitle: `${basename(file)} · ${used} observations, quality marks 0 to 3`,
    xLabel: `Observation minus background (${prettyUnits(units)})`,
    width: 540,
    profiles: [
      { name: 'Root mean square', pressure, values: kept.map((l) => Math.sqrt(l.square / l.n)) },
      { name: 'Mean', pressure, values: kept.map((l) => l.sum / l.n), dashed: true },
    ],
  })
}
