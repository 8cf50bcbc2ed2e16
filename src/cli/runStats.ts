import { ChannelSet } from '../atmosphere/channels.ts'
import { FieldStatistics } from '../atmosphere/statistics.ts'
import { writeFileAtomic } from '../base/files.ts'
import { progress } from '../base/progress.ts'
import { openStates } from '../io/states.ts'
import { jsonText, printTable } from '../report/table.ts'
import { timeRange, timeText } from './times.ts'

/** Options of `align-da data stats`. */
export interface StatsOptions {
  channels?: string
  time?: [string, string]
  out?: string
  json?: boolean
}

/** Prints and writes the statistics of each channel. */
export async function stats(file: string, { channels, time, out, json }: StatsOptions): Promise<void> {
  const states = await openStates(file, { channels: channels ? ChannelSet.of(channels) : undefined })
  try {
    const [start, stop] = timeRange(states, time)
    const statistics = new FieldStatistics(states.channels.names)
    // A block of states at a time: memory stays bounded however long the record.
    const block = Math.max(1, Math.floor(2 ** 24 / (states.channels.length * states.grid.size)))
    const bar = progress('statistics', stop - start)
    for (let at = start; at < stop; at += block) {
      const end = Math.min(at + block, stop)
      statistics.add(await states.readAll([at, end]), states.grid.size)
      if (end < stop) bar.update(end - start)
    }
    bar.end()
    const rows = states.channels.channels.map((channel, i) => {
      const { mean, std, minimum, maximum, missing } = statistics.channel(i)
      return {
        channel: channel.name,
        units: channel.variable.units,
        mean,
        std,
        min: minimum,
        max: maximum,
        missing,
      }
    })
    if (!json) {
      const span = `${timeText(states.times[start])} .. ${timeText(states.times[stop - 1])} UTC`
      console.log(`${file}: ${stop - start} states, ${span}, ${states.grid}\n`)
    }
    printTable(rows, { json })
    if (out) {
      await writeFileAtomic(out, `${jsonText(statistics)}\n`)
      process.stderr.write(`wrote ${out}\n`)
    }
  } finally {
    await states.close()
  }
}
