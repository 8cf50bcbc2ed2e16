import { channelsOf, type Experiment, loadExperiment, resolveLocation } from '../experiments/config.ts'
import { modelSizes } from '../experiments/model-size.ts'
import { modelNames, trainModels } from '../experiments/train-models.ts'
import { checkGrid } from '../experiments/training-data.ts'
import { openStates } from '../io/states.ts'
import { jsonText, printTable } from '../report/table.ts'
import { Runtime } from '../tensor/index.ts'
import { choice } from './options.ts'

export interface TrainOptions {
  config: string
  set?: string[]
  run?: string
  device?: string
  dryRun?: boolean
  json?: boolean
}

/** Trains models, or says what they take. */
export async function train(model: string, options: TrainOptions): Promise<void> {
  const wanted = choice('the model', model, [...modelNames, 'all'])
  const models = wanted === 'all' ? modelNames : [wanted]
  const experiment = await loadExperiment(options.config, options.set)
  if (options.dryRun) return sizes(experiment, models, options.json)
  const runtime = new Runtime({ device: options.device })
  try {
    const command = `align-da train ${wanted} --config ${options.config}${(options.set ?? [])
      .map((s) => ` --set ${/[\s[\]{}'"$*]/.test(s) ? `'${s}'` : s}`)
      .join('')}`
    const done = await trainModels(experiment, {
      ...{ runtime, models, command, folder: options.run ?? `runs/${experiment.name}` },
      say: (line) => process.stderr.write(`${line}\n`),
    })
    if (options.json) console.log(jsonText(done))
    else
      for (const [name, { scores }] of Object.entries(done)) {
        console.log(`\n${name}`)
        printTable(Object.entries(scores).map(([score, value]) => ({ score, value })))
      }
  } finally {
    await runtime.close()
  }
}

async function sizes(experiment: Experiment, models: readonly string[], json?: boolean): Promise<void> {
  const { channels, grid } = await worldOf(experiment)
  checkGrid(experiment, grid)
  const found = modelSizes(experiment, channels, grid).filter((one) => models.includes(one.model))
  if (json) return console.log(jsonText(found))
  const size = (bytes: number) =>
    bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toPrecision(3)} MiB` : `${(bytes / 2 ** 30).toPrecision(3)} GiB`
  console.log(`${experiment.name}: ${channels} channels on ${grid[1]} x ${grid[0]} points\n`)
  printTable(
    found.map(({ model, parameters, stored, state, activations }) => ({
      model,
      parameters,
      'model file': size(stored),
      'training state': size(state),
      'one batch, at most': size(activations),
    })),
  )
}

/** Channels and grid by the configuration, or where it does not say by the store. */
async function worldOf(experiment: Experiment): Promise<{ channels: number; grid: [number, number] }> {
  const channels = channelsOf(experiment)
  if (channels && experiment.data.grid) return { channels: channels.length, grid: experiment.data.grid }
  const states = await openStates(resolveLocation(experiment.data.location), { channels, workers: 0 })
  try {
    return { channels: states.channels.length, grid: [states.grid.rows, states.grid.columns] }
  } finally {
    await states.close()
  }
}
