import { ConfigError, DataError } from '../base/errors.ts'
import { progress } from '../base/progress.ts'
import { openForecaster, readModelState } from '../experiments/models.ts'
import type { States } from '../io/states.ts'
import { createStates } from '../io/write-states.ts'
import { jsonText } from '../report/table.ts'
import { Runtime } from '../tensor/index.ts'
import { checkOutputs } from './outputs.ts'
import { onInterrupt } from './run.ts'
import { outputFormat } from './statesCopy.ts'
import { timePosition, timeText } from './times.ts'

export interface ForecastOptions {
  model: string
  initial: string
  out: string
  descriptor?: string
  time: string
  member?: number
  hours: number
  every: number
  device?: string
  overwrite?: boolean
  json?: boolean
}

/** Forecasts and writes the initial state and every `every`-th step. */
export async function forecast(options: ForecastOptions): Promise<void> {
  const { out, hours, every } = options
  const format = outputFormat(out)
  checkOutputs([out], options.overwrite)
  const runtime = new Runtime({ device: options.device })
  try {
    const model = await openForecaster(runtime, options.model, { descriptor: options.descriptor, batch: 1 })
    const steps = hours / model.stepHours
    if (!Number.isInteger(steps) || steps < 1)
      throw new ConfigError(
        `--hours ${hours} is no whole number of steps; ${model.name} steps ${model.stepHours} h`,
      )
    const position = (states: States) => timePosition(states, options.time)
    const { time, state } = await readModelState(options.initial, model, position, options)
    if (Number.isNaN(time))
      throw new DataError(
        `${options.initial} does not say of what time it is; the states of a forecast have a time`,
      )
    const { grid, channels, normaliser } = model
    const attributes = {
      title: `Forecast from ${timeText(time)} UTC${options.member ? `, member ${options.member}` : ''}`,
      source: `align-da forecast, model ${model.name}`,
      history: `${new Date().toISOString().slice(0, 19)}Z align-da forecast --hours ${hours}`,
    }
    const writer = await createStates(
      out,
      { grid, channels, attributes },
      { format, overwrite: options.overwrite },
    )
    const release = onInterrupt(() => writer.abort())
    const started = performance.now()
    try {
      const bar = progress('forecast', steps)
      let current = state
      const write = (step: number) =>
        writer.append(
          [time + step * model.stepHours * 3_600_000],
          normaliser.select(channels.names).denormalise(current, grid.size),
        )
      await write(0)
      // In one go, so that models of two states keep theirs; the steps to write are kept.
      const kept: [number, Float32Array][] = []
      await model.forecast(state, [time], steps, (step, states) => {
        if (step % every === 0 || step === steps) kept.push([step, states.slice()])
        bar.update(step, `${step * model.stepHours} h`)
      })
      for (const [step, values] of kept) {
        current = values
        await write(step)
      }
      await writer.close()
      bar.end()
    } catch (error) {
      await writer.abort()
      throw error
    } finally {
      release()
    }
    const summary = {
      ...{ out, model: model.name, initial: new Date(time).toISOString(), hours, steps },
      channels: channels.length,
      grid: grid.toString(),
      seconds: Math.round(performance.now() - started) / 1000,
    }
    if (options.json) console.log(jsonText(summary))
    else console.log(`wrote ${out}: ${hours} h from ${timeText(time)} UTC in ${summary.seconds} s`)
    await model.close()
  } finally {
    await runtime.close()
  }
}
