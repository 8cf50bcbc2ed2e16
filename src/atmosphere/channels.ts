import { DataError, didYouMean } from '../base/errors.ts'
import { levels7, levels13 } from './levels.ts'
import { findVariable, type Variable, variable, variables } from './variables.ts'

/** One horizontal field of a state: a variable, and its pressure level (hPa) where it has one. */
export interface Channel {
  /** Short name: z500, u10, msl. */
  readonly name: string
  readonly variable: Variable
  readonly level?: number
}

/** The channel of a variable at a level (hPa); `level` is left out for surface and static variables. */
export function channel(of: Variable | string, level?: number): Channel {
  const known = typeof of === 'string' ? variable(of) : of
  if (known.kind !== 'pressure') {
    if (level !== undefined)
      throw new DataError(`${known.name} has no pressure levels (asked for ${level} hPa)`)
    return { name: known.short, variable: known }
  }
  if (level === undefined)
    throw new DataError(`${known.name} needs a pressure level, as in ${known.short}500`)
  if (!(level > 0 && level <= 1100)) throw new DataError(`${known.name}: ${level} hPa is no pressure level`)
  // u at 10 hPa would read as the 10 m wind.
  const plain = `${known.short}${level}`
  return { name: findVariable(plain) ? `${known.short}@${level}` : plain, variable: known, level }
}

/**
 * The channel a name means: "z500", "u10" (10 m wind), "u@10" (10 hPa), "geopotential_500", "msl",
 * "2m_temperature".
 * @throws DataError with the nearest names.
 */
export function parseChannel(name: string): Channel {
  const text = name.trim()
  const whole = findVariable(text)
  if (whole) return channel(whole)
  const m = /^([a-z_]+?)[@_]?(\d+(?:\.\d+)?)(?:\s*hpa)?$/i.exec(text)
  const known = m ? findVariable(m[1]) : undefined
  if (!m || !known || known.kind !== 'pressure') {
    const names = [
      ...paperChannels.names,
      ...variables.filter((v) => v.kind !== 'pressure').map((v) => v.short),
    ]
    throw new DataError(`unknown channel '${name}'${didYouMean(text, names)}`)
  }
  return channel(known, Number(m[2]))
}

const kindOrder = { surface: 0, pressure: 1, static: 2 } as const

function byTable(a: Channel, b: Channel): number {
  return (
    kindOrder[a.variable.kind] - kindOrder[b.variable.kind] ||
    variables.indexOf(a.variable) - variables.indexOf(b.variable) ||
    (a.level ?? 0) - (b.level ?? 0)
  )
}

/** The channels of a state, in the order of its channel axis. */
export class ChannelSet implements Iterable<Channel> {
  readonly channels: readonly Channel[]
  readonly names: readonly string[]
  readonly #index: ReadonlyMap<string, number>

  /**
   * @param channels kept in the order given; use `ChannelSet.of` for canonical order.
   * @throws DataError when a channel is listed twice.
   */
  constructor(channels: Iterable<Channel>) {
    this.channels = [...channels]
    this.names = this.channels.map((c) => c.name)
    this.#index = new Map(this.names.map((name, i) => [name, i]))
    const twice = this.names.find((name, i) => this.#index.get(name) !== i)
    if (twice !== undefined) throw new DataError(`channel '${twice}' is listed twice`)
  }

  /**
   * Channels from names (one string split at commas and spaces, or a list), in canonical order: surface
   * variables first, then variable by variable, each from the top level down; `order: 'given'` keeps the
   * list's order.
   */
  static of(
    names: string | Iterable<string>,
    { order = 'canonical' }: { order?: 'canonical' | 'given' } = {},
  ): ChannelSet {
    const list = typeof names === 'string' ? names.split(/[\s,]+/).filter(Boolean) : [...names]
    const channels = list.map(parseChannel)
    return new ChannelSet(order === 'canonical' ? channels.sort(byTable) : channels)
  }

  /**
   * Every combination of surface variables, and of pressure-level variables with levels (hPa), canonical
   * order.
   */
  static product(surface: Iterable<string>, upper: Iterable<string>, levels: Iterable<number>): ChannelSet {
    const heights = [...levels]
    const channels = [...surface].map((name) => channel(name))
    for (const name of upper) for (const level of heights) channels.push(channel(name, level))
    return new ChannelSet(channels.sort(byTable))
  }

  get length(): number {
    return this.channels.length
  }

  [Symbol.iterator](): Iterator<Channel> {
    return this.channels[Symbol.iterator]()
  }

  /** Whether a channel of that name is in the set. */
  has(name: string): boolean {
    return this.#index.has(name)
  }

  /**
   * Position of a channel on the channel axis.
   * @throws DataError with the nearest names of this set.
   */
  index(name: string): number {
    const direct = this.#index.get(name)
    if (direct !== undefined) return direct
    const parsed = this.#index.get(parseChannel(name).name)
    if (parsed === undefined)
      throw new DataError(
        `channel '${name}' is not in this set of ${this.length}${didYouMean(name, this.names)}`,
      )
    return parsed
  }

  /** Positions of one variable's channels, with their levels (hPa), top down. */
  levelsOf(of: string): { index: number; level: number }[] {
    const wanted = variable(of)
    return this.channels
      .flatMap((c, index) =>
        c.variable === wanted && c.level !== undefined ? [{ index, level: c.level }] : [],
      )
      .sort((a, b) => a.level - b.level)
  }

  /** The variables, each once, in order of first appearance. */
  get variables(): Variable[] {
    return [...new Set(this.channels.map((c) => c.variable))]
  }

  /** Whether both have the same channels in the same order. */
  equals(other: ChannelSet): boolean {
    return this.length === other.length && this.names.every((name, i) => name === other.names[i])
  }

  toString(): string {
    return this.names.join(',')
  }

  /** The names, so that `ChannelSet.of(JSON.parse(...), { order: 'given' })` gives the set back. */
  toJSON(): readonly string[] {
    return this.names
  }
}

const surface4 = ['u10', 'v10', 't2m', 'msl'] as const
const upper5 = ['z', 't', 'q', 'u', 'v'] as const

/** The 39 channels of the SPEEDY nature run: 4 surface and 5 variables on 7 levels. */
export const speedyChannels = ChannelSet.product(surface4, upper5, levels7)

/** The paper's 69 channels: 4 surface and 5 variables on 13 levels (arXiv 2505.22008). */
export const paperChannels = ChannelSet.product(surface4, upper5, levels13)
