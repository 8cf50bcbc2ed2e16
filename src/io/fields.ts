import { ChannelSet, channel } from '../atmosphere/channels.ts'
import { levelIndex } from '../atmosphere/levels.ts'
import type { Conversion } from '../atmosphere/units.ts'
import {
  conversionTo,
  nameInFile,
  type Variable as Quantity,
  variables as quantities,
  variablesByStandardName,
} from '../atmosphere/variables.ts'
import { DataError, didYouMean } from '../base/errors.ts'
import type { Axes } from './axes.ts'
import type { Dataset, Variable } from './dataset.ts'

/** A variable of a dataset that is a known quantity, with what turns its values into the table's units. */
export interface Field {
  readonly quantity: Quantity
  readonly variable: Variable
  readonly conversion: Conversion
}

/** The known quantities in a dataset, and remarks about what was assumed. */
export function findFields(
  dataset: Dataset,
  axes: Axes,
): { fields: Map<Quantity, Field>; remarks: string[] } {
  const remarks: string[] = []
  const fields = new Map<Quantity, Field>()
  const horizontal = [...dataset.variables.values()].filter(
    (v) =>
      v.dtype !== 'string' && v.dimensions.includes(axes.latitude) && v.dimensions.includes(axes.longitude),
  )
  const used = new Set<Variable>()
  const take = (quantity: Quantity, variable: Variable | undefined) => {
    if (!variable || used.has(variable) || fields.has(quantity)) return
    used.add(variable)
    if (variable.units === undefined)
      remarks.push(`${variable.name} has no units; ${quantity.units} is assumed`)
    const conversion =
      variable.units === undefined ? { scale: 1, offset: 0 } : conversionTo(quantity, variable.units)
    fields.set(quantity, { quantity, variable, conversion })
  }
  const fitting = (quantity: Quantity) =>
    horizontal.filter(
      (v) =>
        (axes.level !== undefined && v.dimensions.includes(axes.level)) === (quantity.kind === 'pressure'),
    )
  for (const quantity of quantities) {
    const byName = new Map(fitting(quantity).map((v) => [v.name, v]))
    const name = nameInFile(quantity, byName.keys())
    if (name !== undefined) take(quantity, byName.get(name))
  }
  // A standard name alone tells less (2 m and surface temperature share one), so it is asked second.
  for (const variable of horizontal) {
    const standard = variable.attributes.standard_name
    if (typeof standard !== 'string' || used.has(variable)) continue
    const candidates = variablesByStandardName(standard).filter(
      (q) => q.kind === 'pressure' && fitting(q).includes(variable),
    )
    if (candidates.length === 1) take(candidates[0], variable)
  }
  return { fields, remarks }
}

/** All channels that the fields hold, in canonical order. */
export function channelsOf(fields: ReadonlyMap<Quantity, Field>, levels: readonly number[]): ChannelSet {
  const names: string[] = []
  for (const quantity of fields.keys()) {
    if (quantity.kind === 'surface') names.push(channel(quantity).name)
    if (quantity.kind === 'pressure') for (const level of levels) names.push(channel(quantity, level).name)
  }
  return ChannelSet.of(names)
}

/** One variable to read and the channels that come out of it. */
export interface Source extends Field {
  readonly parts: readonly { readonly channel: number; readonly level?: number }[]
}

/**
 * Where each channel comes from.
 * @throws DataError naming the nearest variable or level where one is missing.
 */
export function sourcesOf(
  channels: ChannelSet,
  fields: ReadonlyMap<Quantity, Field>,
  levels: readonly number[],
  dataset: Dataset,
): Source[] {
  const parts = new Map<Field, { channel: number; level?: number }[]>()
  channels.channels.forEach((wanted, index) => {
    const field = fields.get(wanted.variable)
    if (!field) {
      const names = [...dataset.variables.keys()]
      const near = didYouMean(wanted.variable.name, names)
      throw new DataError(
        `${dataset.location} has no ${wanted.variable.name} for channel ${wanted.name}${near}; it has ${names.join(', ')}`,
      )
    }
    const own = parts.get(field) ?? []
    parts.set(field, own)
    try {
      own.push({
        channel: index,
        level: wanted.level === undefined ? undefined : levelIndex(levels, wanted.level),
      })
    } catch (error) {
      if (error instanceof DataError)
        throw new DataError(`${dataset.location}, channel ${wanted.name}: ${error.message}`)
      throw error
    }
  })
  return [...parts].map(([field, own]) => ({ ...field, parts: own }))
}
