import { extname } from 'node:path'
import {
  type Analysis,
  drawBackgroundErrors,
  prepareObservations,
  writeAnalysis,
} from '../assimilation/index.ts'
import { DataError } from '../base/errors.ts'
import { writeFileAtomic } from '../base/files.ts'
import { progress } from '../base/progress.ts'
import { latentBackgroundErrors, shippedModels } from '../experiments/demo/setting.ts'
import { openPrior } from '../experiments/models.ts'
import { seasonOf } from '../forecast/surrogate.ts'
import { checkAutoencoder, loadPriorModel } from '../prior/model.ts'
import { writeFigure } from '../report/figureFile.ts'
import { jsonText, tableText } from '../report/table.ts'
import { Runtime } from '../tensor/index.ts'
import { analysisMaps } from './analysisMaps.ts'
import { checkMethod, moreSteps, openAssimilator } from './analysisMethods.ts'
import { consistencyRows, fitRows, fitsOf } from './analysisTables.ts'
import { checkOutputs } from './outputs.ts'
import { errorsOf, type QualitySettings, qualityOf } from './qualityOptions.ts'
import { type BackgroundOptions, readBackground } from './readBackground.ts'
import { rejectionTable } from './rejectionTable.ts'
import { outputFormat } from './statesCopy.ts'
import { timeText } from './times.ts'

export interface AssimilateOptions extends QualitySettings, BackgroundOptions {
  observations: string
  out: string
  models?: string
  prior?: string
  window: number
  steps: number
  set?: string[]
  backgroundErrors?: string
  localisation: number
  seed: number
  device?: string
  maps?: boolean
  overwrite?: boolean
  json?: boolean
}

/** Makes an analysis and writes it with its diagnostics and maps. */
export async function assimilate(options: AssimilateOptions): Promise<void> {
  const { out, seed, method, overwrite, models = shippedModels } = options
  checkMethod(method)
  const format = outputFormat(out)
  const stem = out.slice(0, out.length - extname(out).length)
  checkOutputs([out, `${stem}.json`], overwrite)
  const runtime = new Runtime({ device: options.device })
  try {
    const { codec, prior: released } = await openPrior(runtime, models)
    const prior = options.prior ? await loadPriorModel(options.prior) : released
    if (prior.autoencoder !== released.autoencoder)
      checkAutoencoder(prior, { weights: new Map(), shape: codec.shape }, [options.prior as string, models])
    const { world } = prior
    const { time, states, state, members } = await readBackground(options, world)
    const ensemble = states.length > state.length
    if (Number.isNaN(time))
      throw new DataError(
        `${options.background} does not say of what time it is; observations are chosen by it`,
      )
    const { window } = options
    const used = await prepareObservations(options.observations, {
      ...{ world, state, time, window },
      backgroundErrors: ensemble
        ? states.map((x, i) => x - state[i % state.length])
        : await drawBackgroundErrors(runtime, state, {
            ...{ codec, statistics: prior.statistics, B: latentBackgroundErrors, seed },
          }),
      quality: await qualityOf(options),
      errors: await errorsOf(options),
    })
    const decoderVariance = await codec.unexpressedVariance(state)
    const own = { members, ensemble, settings: options.set, codec, prior, state, decoderVariance }
    const assimilator = await openAssimilator(runtime, { ...options, ...own })
    const bar = progress('members', members)
    const started = performance.now()
    const analysis = await assimilator.assimilate(
      {
        ...{ index: Math.round(time / 3_600_000), season: seasonOf([time]) },
        background: { world, states },
        observations: used,
      },
      { members, seed, onProgress: (done) => bar.update(done) },
    )
    bar.end()
    const seconds = Math.round(performance.now() - started) / 1000
    const { settings } = assimilator
    await assimilator.close()
    refuseAstray(analysis, options)
    const mirrored = settings.antithetic === true
    const fits = fitsOf(used, state, analysis, mirrored)
    const figures =
      options.maps === false ? [] : analysisMaps(world, { time, state, analysis, observations: used })
    const maps = figures.map(({ name }) => `${stem}-${name}.png`)
    for (const [k, { svg }] of figures.entries()) await writeFigure(maps[k], svg)
    const { diagnostics } = analysis
    const summary = {
      ...{ out, time: new Date(time).toISOString(), method, members, seed, settings },
      ...{ observations: used.summary, fits, diagnostics, maps, seconds },
    }
    await writeFileAtomic(`${stem}.json`, `${jsonText(summary)}\n`)
    // The analysis comes last: where it is, all of it is.
    const set = (options.set ?? []).map((one) => ` --set ${one}`).join('')
    const said = `align-da assimilate --method ${method} --members ${members} --seed ${seed}${set}`
    await writeAnalysis(out, { world, time, analysis }, { source: said, format, overwrite, mirrored })
    await codec.close()
    if (options.json) return console.log(jsonText(summary))
    console.log(`${tableText(rejectionTable(used.summary.counts))}\n`)
    if (options.superob !== undefined) console.log(`averaged to ${used.summary.used} observations\n`)
    if (fits.length > 0)
      console.log(`${tableText(fitRows(fits), 3)}\n\n${tableText(consistencyRows(diagnostics), 3)}\n`)
    if (diagnostics.message) console.log(diagnostics.message)
    for (const warning of [worseFit(analysis, method), collapsed(analysis, method)])
      if (warning) console.log(warning)
    console.log(
      `wrote ${out} for ${timeText(time)} UTC: ${diagnostics.observations} observations, increment ${diagnostics.increment.toPrecision(3)}, spread ${diagnostics.spread.toPrecision(3)} (normalised), ${seconds} s`,
    )
  } finally {
    await runtime.close()
  }
}

/** Increments of a background are a few tenths of the climate's standard deviation; whole weather changes are 1.4. */
const largestIncrement = 2

/** @throws DataError for an analysis that no observations can have meant */
function refuseAstray({ diagnostics: { increment } }: Analysis, { method }: AssimilateOptions): void {
  if (increment < largestIncrement) return
  throw new DataError(
    `the analysis has left its background by ${increment.toPrecision(3)} standard deviations of the climate: --method ${method} went astray; ${moreSteps(method)} or another method may not. Nothing was written`,
  )
}

/** @returns a warning where the analysis fits the observations worse than the background does */
function worseFit({ diagnostics: { fit } }: Analysis, method: string): string | undefined {
  if (!fit || fit.analysis <= fit.background) return undefined
  return `warning: the analysis fits the observations worse (${fit.analysis.toPrecision(3)}) than the background (${fit.background.toPrecision(3)}): try ${moreSteps(method)}, or another method than ${method}`
}

/** @returns a warning where the members are copies of one, as those of a particle filter may become */
function collapsed(
  { members, diagnostics: { spread, increment } }: Analysis,
  method: string,
): string | undefined {
  if (members === 1 || spread >= increment / 50) return undefined
  return `warning: the members hardly differ (spread ${spread.toPrecision(3)}, increment ${increment.toPrecision(3)}): --method ${method} has collapsed to one of them; their spread says nothing of the error`
}
