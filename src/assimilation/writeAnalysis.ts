import { DataError } from '../base/errors.ts'
import type { World } from '../forecast/world.ts'
import { writeEnsemble } from '../io/write-ensemble.ts'
import type { StatesFormat } from '../io/write-states.ts'
import type { Analysis } from './assimilator.ts'

/** What the file says of itself, and its format. */
export interface WriteAnalysisOptions {
  /** Default: by the path's ending, NetCDF for .nc, else Zarr v2. */
  readonly format?: StatesFormat
  readonly overwrite?: boolean
  /** What made it, for the attributes `source` and `history`. */
  readonly source?: string
  /** Whether members come in mirrored pairs, as the assimilator's `settings.antithetic` says. */
  readonly mirrored?: boolean
}

/**
 * Writes an analysis in SI units as one CF dataset: for each quantity the mean under its own name, so that whatever
 * reads states reads the mean, NAME_spread with more than one member, and NAME_members along `realization`.
 * @param analysis normalised, as an assimilator gives it
 * @param time of the analysis, ms since 1970
 * @throws DataError for a path that exists, a time that is none, or an analysis of another world
 */
export async function writeAnalysis(
  path: string,
  { world, analysis, time }: { world: World; analysis: Analysis; time: number },
  { format, overwrite, source = 'align-da', mirrored }: WriteAnalysisOptions = {},
): Promise<void> {
  const { grid, channels } = world
  const { mean, spread, states, members } = analysis
  if (!Number.isFinite(time))
    throw new DataError(`${path}: an analysis of the time ${time} cannot be written`)
  if (mean.length !== channels.length * grid.size)
    throw new DataError(`${path}: the analysis has ${mean.length} values, ${channels.length} channels on ${grid} ${channels.length * grid.size}`) // biome-ignore format: one message
  const normaliser = world.normaliser.select(channels.names)
  const real = (x: Float32Array) => normaliser.denormalise(x, grid.size)
  const deviation = spread.map((s, i) => s * normaliser.std[Math.floor(i / grid.size)])
  const date = new Date(time)
    .toISOString()
    .slice(0, time % 60_000 === 0 ? 16 : 19)
    .replace('T', ' ')
  const attributes = {
    title: `Analysis of ${date} UTC, ${members} members`,
    source,
    history: `${new Date().toISOString().slice(0, 19)}Z ${source}`,
  }
  await writeEnsemble(
    path,
    {
      ...{ grid, channels, time, mean: real(mean), members: real(states), mirrored },
      ...(members > 1 && { spread: deviation }),
    },
    { attributes, format, overwrite },
  )
}
