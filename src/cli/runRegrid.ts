import { Grid } from '../atmosphere/grid.ts'
import { bilinear, conservative } from '../atmosphere/regrid.ts'
import { ConfigError } from '../base/errors.ts'
import type { States } from '../io/states.ts'
import { choice } from './options.ts'
import { type CopyOptions, copyStates, type FieldMap } from './statesCopy.ts'

/** Options of `align-da data regrid`. */
export interface RegridOptions extends CopyOptions {
  readonly grid: string
  readonly method: string
}

/** Writes the states of a file on another grid. */
export async function regrid(file: string, out: string, options: RegridOptions): Promise<void> {
  const grid = parseGrid(options.grid)
  const method = choice('--method', options.method, ['conservative', 'bilinear'] as const)
  const done = await copyStates(file, out, options, (states) => regridding(states, grid, method))
  console.log(`wrote ${out}: ${done}`)
}

/** `64x32`, `240x121-poles` (rows on the poles) or `64x32-gaussian`; columns first. @throws ConfigError otherwise. */
export function parseGrid(text: string): Grid {
  const match = /^(\d+)x(\d+)(?:-(poles|gaussian))?$/i.exec(text.trim())
  const [columns, rows] = [Number(match?.[1]), Number(match?.[2])]
  if (!match || !(columns >= 2 && rows >= 2 && columns <= 7200 && rows <= 3601))
    throw new ConfigError(
      `--grid ${JSON.stringify(text)}: write columns x rows, as in 64x32, 240x121-poles or 64x32-gaussian`,
    )
  if (columns < rows)
    throw new ConfigError(`--grid ${text}: columns come first; did you mean ${rows}x${columns}?`)
  const kind = match[3]?.toLowerCase()
  return kind === 'gaussian'
    ? Grid.gaussian(rows, columns)
    : Grid.equiangular(rows, columns, { poles: kind === 'poles' })
}

/** Scalars and wind components differ in how bilinear interpolation meets the poles. */
function regridding(states: States, grid: Grid, method: 'conservative' | 'bilinear'): FieldMap {
  const scalar = method === 'conservative' ? conservative(states.grid, grid) : bilinear(states.grid, grid)
  const vector = method === 'conservative' ? scalar : bilinear(states.grid, grid, { field: 'vector' })
  const isWind = states.channels.channels.map((c) =>
    /(eastward|northward)_wind/.test(c.variable.standardName),
  )
  return {
    grid,
    what: `regridded by ${method} from ${states.grid} to ${grid}`,
    states(fields) {
      const out = new Float32Array((fields.length / states.grid.size) * grid.size)
      for (let k = 0; k * states.grid.size < fields.length; k++) {
        const field = fields.subarray(k * states.grid.size, (k + 1) * states.grid.size)
        out.set((isWind[k % isWind.length] ? vector : scalar).apply(field, { nan: 'skip' }), k * grid.size)
      }
      return out
    },
    fixed: (field) => scalar.apply(field, { nan: 'skip' }),
  }
}
