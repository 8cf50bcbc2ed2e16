import { DataError } from '../../base/errors.ts'
import { progress } from '../../base/progress.ts'
import type { World } from '../../forecast/world.ts'
import { checkSameWorld } from '../../forecast/world.ts'
import { period } from '../../io/series.ts'
import { openStates, type States } from '../../io/states.ts'

const hour = 3_600_000

/** A store of truths as the models take them: states are read when they are asked for. */
export class Truth {
  readonly times: Float64Array
  private readonly states: States
  private readonly world: World

  private constructor(states: States, world: World) {
    this.states = states
    this.world = world
    this.times = states.times
  }

  /** @throws DataError for a store of another world */
  static async open(location: string, world: World): Promise<Truth> {
    const states = await openStates(location, { channels: world.channels })
    const { channels, grid } = states
    checkSameWorld(world, { channels, grid, normaliser: world.normaliser }, ['the models', location])
    return new Truth(states, world)
  }

  /**
   * Up to `count` times of a period, evenly spread, for which there are also the states `before` and `after` hours
   * away, milliseconds since 1970.
   * @throws DataError where there is none
   */
  spread({ start, end }: { start: string; end: string }, count: number, before: number, after: number) {
    const known = new Set(this.times)
    const [first, last] = period(this.times, start, end)
    const usable = Array.from(this.times.subarray(first, last)).filter(
      (t) => known.has(t - before * hour) && known.has(t + after * hour),
    )
    if (usable.length === 0)
      throw new DataError(
        `${this.states.location} has no time from ${start} to ${end} with states ${before} h before and ${after} h after it`,
      )
    if (usable.length <= count) return usable
    return Array.from({ length: count }, (_, i) => usable[Math.floor((i * usable.length) / count)])
  }

  /** Normalised states at `times`, [n, channel, lat, lon]. @throws DataError for missing values */
  async read(times: readonly number[], label = 'states'): Promise<Float32Array> {
    const { channels, grid, normaliser } = this.world
    const size = channels.length * grid.size
    const out = new Float32Array(times.length * size)
    // One state is there before a bar could be.
    const bar = times.length > 1 ? progress(label, times.length) : undefined
    const block = 16
    for (let from = 0; from < times.length; from += block) {
      const some = times.slice(from, from + block)
      const states = await this.states.read(some.map((t) => this.times.indexOf(t)))
      const bad = states.findIndex((v) => !Number.isFinite(v))
      if (bad >= 0)
        throw new DataError(
          `${this.states.location}: ${channels.names[Math.floor((bad % size) / grid.size)]} at ${new Date(some[Math.floor(bad / size)]).toISOString()} has missing values`,
        )
      normaliser.select(channels.names).normalise(states, grid.size, states)
      out.set(states, from * size)
      bar?.update(from + some.length)
    }
    return out
  }

  close(): Promise<void> {
    return this.states.close()
  }
}
