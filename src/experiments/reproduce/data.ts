import { dirname } from 'node:path'
import { DataError } from '../../base/errors.ts'
import { writeFileAtomic } from '../../base/files.ts'
import { timeGaps } from '../../io/gaps.ts'
import { openStates } from '../../io/states.ts'
import { jsonText } from '../../report/table.ts'
import { channelsOf, resolveLocation } from '../config.ts'
import type { Preset } from './config.ts'

interface Period {
  readonly start: string
  readonly end: string
}

/** Every period that some part reads, by what it is for. */
export function periodsOf({ models, alignment, osse, aligned }: Preset): Record<string, Period> {
  return {
    training: models.data.training,
    validation: models.data.validation,
    preferences: alignment.data.preferences,
    'validation of alignments': alignment.data.validation,
    test: osse.data.test,
    'test of aligned priors': aligned.data.test,
  }
}

/**
 * Opens the store before anything is computed, and writes what it holds of each period.
 * @throws DataError for a store of another grid, and for periods that it lacks or that have gaps
 */
export async function checkData(preset: Preset, path: string): Promise<void> {
  const { data } = preset.models
  const location = resolveLocation(data.location)
  const states = await openStates(location, { channels: channelsOf(preset.models), workers: 0 })
  try {
    const { rows, columns } = states.grid
    if (data.grid && (data.grid[0] !== rows || data.grid[1] !== columns))
      throw new DataError(`${location} has ${rows} x ${columns} points, not ${data.grid.join(' x ')}`)
    const times = Array.from(states.times)
    const { step = 0 } = timeGaps(times)
    const periods = Object.entries(periodsOf(preset)).map(([name, { start, end }]) => {
      const first = Date.parse(start.length > 10 ? `${start}Z` : start)
      const last = end.length > 10 ? Date.parse(`${end}Z`) : Date.parse(end) + 86_400_000 - 1
      const own = times.filter((t) => t >= first && t <= last)
      const wanted = step > 0 ? Math.floor((last - first) / step) + 1 : 0
      if (own.length === 0 || own.length < wanted)
        throw new DataError(
          `${location}: ${own.length} of the ${wanted} states of ${start} to ${end} (${name}); another store, or other periods by --set`,
        )
      return { name, start, end, states: own.length }
    })
    const found = { location: data.location, channels: states.channels.names, grid: [rows, columns], periods }
    await writeFileAtomic(path, `${jsonText({ ...found, stepHours: step / 3_600_000 })}\n`)
    process.stderr.write(
      `${location}: ${times.length} states, ${periods.length} periods are whole (${dirname(path)})\n`,
    )
  } finally {
    await states.close()
  }
}
