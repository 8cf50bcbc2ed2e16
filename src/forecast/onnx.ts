import type { Normaliser } from '../atmosphere/normalise.ts'
import { DataError, FormatError, ShapeError } from '../base/errors.ts'
import type { Executable, HostTensor, Runtime } from '../tensor/index.ts'
import { sameShape, show } from '../tensor/shape.ts'
import type { EachStep, Forecaster } from './forecaster.ts'
import type { FieldTensor, OnnxDescriptor } from './onnx-descriptor.ts'
import { seasonOf } from './surrogate.ts'

const hour = 3_600_000

/** What a forecaster from an ONNX file needs beside its descriptor. */
export interface OnnxForecasterOptions {
  /** z-scores of the states that are exchanged; by default those that the model itself works in. */
  normaliser?: Normaliser
  /** What a model of two states takes for the state before when it is not given: an error, or the state itself. */
  before?: 'required' | 'repeat'
}

/** A forecast model in an ONNX file of any origin, as its descriptor says. One state at a time. */
export class OnnxForecaster implements Forecaster {
  readonly name: string
  readonly stepHours: number
  readonly channels
  readonly grid
  readonly normaliser: Normaliser
  private readonly descriptor: OnnxDescriptor
  private readonly model: Executable
  private readonly before: 'required' | 'repeat'
  /** From normalised values to the model's, by channel: x * gain + offset. */
  private readonly gain: Float64Array
  private readonly offset: Float64Array

  private constructor(
    descriptor: OnnxDescriptor,
    model: Executable,
    normaliser: Normaliser,
    before: 'required' | 'repeat',
  ) {
    this.descriptor = descriptor
    this.model = model
    this.before = before
    this.name = descriptor.name
    this.stepHours = descriptor.stepHours
    this.channels = descriptor.channels
    this.grid = descriptor.grid
    this.normaliser = normaliser.select(descriptor.channels.names)
    const { mean, std } = this.normaliser
    const { scale, statistics: own } = descriptor
    this.gain = scale.map((s, c) => (s * std[c]) / (own?.std[c] ?? 1))
    this.offset = scale.map((s, c) => (s * mean[c] - (own?.mean[c] ?? 0)) / (own?.std[c] ?? 1))
  }

  /**
   * Opens the file.
   * @throws FormatError when it is no model or its signature is not the descriptor's, spelling out the difference
   * @throws DataError when neither the options nor the descriptor say how states are normalised
   */
  static async open(
    runtime: Runtime,
    path: string,
    descriptor: OnnxDescriptor,
    { normaliser, before = 'required' }: OnnxForecasterOptions = {},
  ): Promise<OnnxForecaster> {
    const used = normaliser ?? descriptor.statistics
    if (!used)
      throw new DataError(
        `${descriptor.name} works in physical units: give the statistics that states are normalised by`,
      )
    const model = await runtime.loadFile(path)
    const differences = signatureDifferences(model, descriptor)
    if (differences.length) {
      await model.release()
      throw new FormatError(
        `${path} is not what the descriptor of ${descriptor.name} says:\n  ${differences.join('\n  ')}`,
      )
    }
    return new OnnxForecaster(descriptor, model, used, before)
  }

  /** `previous`: the states a step earlier, [batch, channel, lat, lon], where the model starts from two. */
  async forecast(
    states: Float32Array,
    times: ArrayLike<number>,
    steps: number,
    onStep?: EachStep,
    previous?: Float32Array,
  ): Promise<Float32Array> {
    const size = this.channels.length * this.grid.size
    if (states.length !== times.length * size || (previous && previous.length !== states.length))
      throw new ShapeError(
        `${states.length} values${previous ? ` and ${previous.length} a step before` : ''} are no ${times.length} states of ${size} values`,
      )
    const needed = this.descriptor.states
    if (needed > 2) throw new ShapeError(`${this.name} starts from ${needed} states; at most 2 can be given`)
    if (needed === 2 && !previous && this.before === 'required')
      throw new DataError(
        `${this.name} starts from two states, ${this.stepHours} h apart: the one before is missing`,
      )
    const history: Float32Array[] = needed === 1 ? [] : [this.toModel(previous ?? states)]
    history.push(this.toModel(states))
    const out = states.slice()
    for (let step = 1; step <= steps; step++) {
      const next = new Float32Array(states.length)
      for (let i = 0; i < times.length; i++) {
        const time = times[i] + (step - 1) * this.stepHours * hour
        next.set(
          await this.one(
            history.map((h) => h.subarray(i * size, (i + 1) * size)),
            time,
          ),
          i * size,
        )
      }
      history.push(next)
      history.shift()
      this.fromModel(next, out)
      onStep?.(step, out)
    }
    return out
  }

  /** One step of one state, in the model's units. */
  private async one(history: readonly Float32Array[], time: number): Promise<Float32Array> {
    const { inputs, outputs, timeInput } = this.descriptor
    const points = this.grid.size
    const feeds: Record<string, HostTensor> = {}
    for (const { name, shape, channels } of inputs) {
      const data = new Float32Array(history.length * channels.length * points)
      let to = 0
      for (const state of history)
        for (const channel of channels.names) {
          const from = this.channels.index(channel) * points
          data.set(state.subarray(from, from + points), to)
          to += points
        }
      feeds[name] = { dtype: 'float32', shape, data }
    }
    if (timeInput) {
      const data = timeInput.encoding === 'fuxi' ? fuxiTime(time, this.stepHours) : seasonOf([time])
      feeds[timeInput.name] = { dtype: 'float32', shape: [1, data.length], data }
    }
    const results = await this.model.run(feeds)
    const next = new Float32Array(this.channels.length * points)
    for (const { name, channels, states, take } of outputs) {
      const data = results[name].data as Float32Array
      let from = (take === 'last' ? states - 1 : 0) * channels.length * points
      for (const channel of channels.names) {
        if (this.channels.has(channel))
          next.set(data.subarray(from, from + points), this.channels.index(channel) * points)
        from += points
      }
    }
    return next
  }

  private toModel(states: Float32Array): Float32Array {
    const points = this.grid.size
    return states.map((v, i) => {
      const c = Math.floor(i / points) % this.channels.length
      return v * this.gain[c] + this.offset[c]
    })
  }

  private fromModel(values: Float32Array, out: Float32Array) {
    const points = this.grid.size
    for (let i = 0; i < values.length; i++) {
      const c = Math.floor(i / points) % this.channels.length
      out[i] = (values[i] - this.offset[c]) / this.gain[c]
    }
  }

  async close(): Promise<void> {
    await this.model.release()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** What a model file has otherwise than its descriptor, each in a line. */
function signatureDifferences(model: Executable, { inputs, outputs, timeInput }: OnnxDescriptor): string[] {
  const found: string[] = []
  const compare = (
    what: string,
    wanted: readonly Pick<FieldTensor, 'name' | 'shape'>[],
    there: readonly { name: string; shape: readonly number[]; dtype: string }[],
    all: boolean,
  ) => {
    const names = there.map((t) => t.name).join(', ')
    for (const { name, shape } of wanted) {
      const real = there.find((t) => t.name === name)
      if (!real) found.push(`there is no ${what} ${name}; the file has ${names}`)
      else {
        const fits =
          real.shape.length === shape.length && real.shape.every((n, i) => n === -1 || n === shape[i])
        if (!fits && !sameShape(real.shape, shape))
          found.push(`${what} ${name} is ${show(real.shape)}, by the descriptor ${show(shape)}`)
        if (real.dtype !== 'float32') found.push(`${what} ${name} is ${real.dtype}; float32 is fed and read`)
      }
    }
    for (const { name, shape } of there)
      if (all && !wanted.some((w) => w.name === name))
        found.push(`the file needs the ${what} ${name} ${show(shape)}, which the descriptor does not have`)
  }
  const time = timeInput ? [{ name: timeInput.name, shape: [1, timeInput.encoding === 'fuxi' ? 12 : 2] }] : []
  compare('input', [...inputs, ...time], model.program.inputs, true)
  compare('output', outputs, model.program.outputs, false)
  return found
}

/**
 * FuXi's encoding of the time: for a step before, now and a step after, the sines and then the cosines of
 * [day of the year / 366, hour / 24], as the published inference code has it (radians, without 2 pi).
 */
export function fuxiTime(time: number, stepHours: number): Float32Array {
  return Float32Array.from(
    [-1, 0, 1].flatMap((offset) => {
      const date = new Date(time + offset * stepHours * hour)
      const first = Date.UTC(date.getUTCFullYear(), 0, 1)
      const dayOfYear = Math.floor((date.getTime() - first) / (24 * hour)) + 1
      const phases = [dayOfYear / 366, date.getUTCHours() / 24]
      return [...phases.map(Math.sin), ...phases.map(Math.cos)]
    }),
  )
}
