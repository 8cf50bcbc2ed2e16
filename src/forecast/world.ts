import { z } from 'zod'
import { ChannelSet } from '../atmosphere/channels.ts'
import { Grid } from '../atmosphere/grid.ts'
import { Normaliser } from '../atmosphere/normalise.ts'
import { DataError } from '../base/errors.ts'

/** The states a model was made for: channels, grid and how values are normalised. */
export interface World {
  readonly channels: ChannelSet
  readonly grid: Grid
  readonly normaliser: Normaliser
}

/** A world as models carry it in their description. */
export const worldSchema = z.strictObject({
  channels: z.array(z.string()).min(1),
  latitude: z.array(z.number()).min(2),
  longitude: z.array(z.number()).min(2),
  mean: z.array(z.number()),
  std: z.array(z.number().positive()),
})
export type WorldJson = z.infer<typeof worldSchema>

export function worldToJson({ channels, grid, normaliser }: World): WorldJson {
  const { mean, std } = normaliser.select(channels.names)
  return {
    channels: [...channels.names],
    latitude: [...grid.latitude],
    longitude: [...grid.longitude],
    mean: [...mean],
    std: [...std],
  }
}

export function worldFromJson(json: WorldJson): World {
  return {
    channels: ChannelSet.of(json.channels, { order: 'given' }),
    grid: Grid.fromCoordinates(Float64Array.from(json.latitude), Float64Array.from(json.longitude)),
    normaliser: new Normaliser({ names: json.channels, mean: json.mean, std: json.std }),
  }
}

/**
 * Checks that states (or another model) are of the world a model was made for; the normaliser does not count where
 * only states in physical units are exchanged.
 * @throws DataError that spells out the difference
 */
export function checkSameWorld(
  model: World,
  other: World,
  names: readonly [string, string],
  { normaliser = false } = {},
) {
  const [mine, theirs] = names
  const missing = model.channels.names.filter((n) => !other.channels.has(n))
  const extra = other.channels.names.filter((n) => !model.channels.has(n))
  if (missing.length || extra.length)
    throw new DataError(
      `${theirs} does not have the channels of ${mine}: ${[
        missing.length ? `missing ${missing.join(', ')}` : '',
        extra.length ? `unknown ${extra.join(', ')}` : '',
      ]
        .filter(Boolean)
        .join('; ')}`,
    )
  if (model.channels.names.join() !== other.channels.names.join())
    throw new DataError(`${theirs} has the channels of ${mine} in another order`)
  const size = (g: Grid) => `${g.latitude.length} x ${g.longitude.length}`
  const apart = (a: Float64Array, b: Float64Array) => a.some((v, i) => Math.abs(v - b[i]) > 1e-3)
  if (size(model.grid) !== size(other.grid))
    throw new DataError(
      `${theirs} is on a grid of ${size(other.grid)} points (latitude x longitude), ${mine} on ${size(model.grid)}`,
    )
  if (apart(model.grid.latitude, other.grid.latitude) || apart(model.grid.longitude, other.grid.longitude))
    throw new DataError(
      `${theirs} and ${mine} have grids of the same size at other places: first latitude ${other.grid.latitude[0]} and ${model.grid.latitude[0]}, first longitude ${other.grid.longitude[0]} and ${model.grid.longitude[0]}`,
    )
  if (!normaliser) return
  const [a, b] = [worldToJson(model), worldToJson(other)]
  const i = a.mean.findIndex(
    (m, k) => Math.abs(m - b.mean[k]) > 1e-6 * a.std[k] || Math.abs(a.std[k] / b.std[k] - 1) > 1e-6,
  )
  if (i >= 0)
    throw new DataError(
      `${theirs} normalises ${a.channels[i]} by mean ${b.mean[i]} and deviation ${b.std[i]}, ${mine} by ${a.mean[i]} and ${a.std[i]}: they were trained on other statistics`,
    )
}
