import { type Channel, ChannelSet, parseChannel } from '../atmosphere/channels.ts'
import { DataError } from '../base/errors.ts'
import type { Dataset } from '../io/dataset.ts'
import { openStates, type States } from '../io/states.ts'
import type { LatLonField } from '../report/field.ts'
import type { Colouring } from '../report/mapPanel.ts'
import { timePosition } from './times.ts'

/** A field to draw, with what chooses its colours. */
export type NamedField = LatLonField & Colouring & { readonly name: string }

/** What a name on the command line means: a channel, or the speed of the wind on a level (`wind850`, `wind10`). */
type Wanted =
  | { readonly channel: Channel }
  | { readonly u: Channel; readonly v: Channel; readonly level?: number }

/** The channels of the wind on a level in hPa, or at 10 m. @throws DataError when it is neither. */
export function windChannels(text: string): { u: Channel; v: Channel; level?: number } {
  const match = /^(\d+(?:\.\d+)?)\s*(m|hpa)?$/i.exec(text)
  if (!match) throw new DataError(`wind ${JSON.stringify(text)}: write a level in hPa such as 850, or 10m`)
  const level = Number(match[1])
  if (match[2]?.toLowerCase() === 'm' || level === 10)
    return { u: parseChannel('u10'), v: parseChannel('v10') }
  return { u: parseChannel(`u${level}`), v: parseChannel(`v${level}`), level }
}

function wantedOf(name: string): Wanted {
  const wind = /^(?:wind|speed)[_-]?(.+)$/i.exec(name)
  return wind ? windChannels(wind[1]) : { channel: parseChannel(name) }
}

/** Reads named fields of one state. */
export class PlotSource {
  private readonly dataset: Dataset
  private readonly member: number | undefined

  /** @param member of an ensemble, from 1 up */
  constructor(dataset: Dataset, member?: number) {
    this.dataset = dataset
    this.member = member
  }

  /** The fields of the state at a time (see `timePosition`), in the order of the names, and that time. */
  async read(
    names: readonly string[],
    time?: string,
  ): Promise<{ fields: NamedField[]; time: number; states: States }> {
    const wanted = names.map(wantedOf)
    const channels = new Map<string, Channel>()
    for (const one of wanted)
      for (const channel of 'channel' in one ? [one.channel] : [one.u, one.v])
        if (channel.variable.kind !== 'static') channels.set(channel.name, channel)
    const set = new ChannelSet(channels.size ? channels.values() : [])
    const { member } = this
    const states = await openStates(this.dataset, { member, channels: set.length ? set : undefined })
    const position = timePosition(states, time)
    const values = set.length ? await states.read(position) : new Float32Array(0)
    const { grid } = states
    const plane = (channel: Channel) => {
      const at = set.index(channel.name) * grid.size
      return values.subarray(at, at + grid.size)
    }
    const place = { latitude: grid.latitude, longitude: grid.longitude }
    const fields = wanted.map((one, k): NamedField => {
      if (!('channel' in one)) {
        const [u, v] = [plane(one.u), plane(one.v)]
        const variable = one.level === undefined ? '10m_wind_speed' : 'wind_speed'
        return {
          ...place,
          name: names[k],
          values: u.map((x, i) => Math.hypot(x, v[i])),
          variable,
          level: one.level,
        }
      }
      const { variable, level } = one.channel
      const field = variable.kind === 'static' ? states.statics.get(variable.name) : plane(one.channel)
      if (!field) throw new DataError(`${states.location} has no ${variable.name}`)
      return {
        ...place,
        name: names[k],
        values: field,
        variable: variable.name,
        level,
        units: variable.units,
      }
    })
    return { fields, time: states.times[position], states }
  }
}
