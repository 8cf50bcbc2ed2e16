import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pairsFile } from '../alignment/pairs.ts'
import { alignedFile } from '../alignment/train.ts'
import { resolveLocation } from '../config.ts'
import { fileHash } from '../osse/setting.ts'
import { modelFile } from '../train-models.ts'
import { experimentScript, repositoryScript, runScript } from './child.ts'
import type { Preset } from './config.ts'
import { checkData, periodsOf } from './data.ts'
import { type Stage, sizesHash } from './stage.ts'
import * as work from './work.ts'

/** From data to the tables and figures of the documentation. @throws ConfigError for a data location that is not given */
export async function stagesOf(means: work.Means): Promise<Stage[]> {
  const { preset } = means
  return [
    await dataStage(preset),
    ...modelStages(means),
    ...(await alignmentStages(means)),
    ...osseStages(means),
    ...closedFormStages(preset),
    ...pageStages(preset),
  ]
}

async function dataStage(preset: Preset): Promise<Stage> {
  const location = resolveLocation(preset.models.data.location)
  // Of a store at an address nothing but the address is known beforehand.
  const store = existsSync(location) ? await sizesHash(location) : location
  const file = join(preset.out.work, 'data.json')
  return {
    name: 'data',
    what: 'the store, and that it has every period',
    needs: [],
    settings: { store, data: preset.models.data, periods: periodsOf(preset) },
    writes: [file],
    run: () => checkData(preset, file),
  }
}

function modelStages(means: work.Means): Stage[] {
  const { models, out, evaluation } = means.preset
  const { data, seed, storage } = models
  const train = (name: 'forecast' | 'latent' | 'prior', what: string, needs: string[]): Stage => ({
    ...{ name, what, needs, writes: [modelFile(out.models, name)] },
    settings: { data, seed, storage, config: models[name] },
    clears: [join(out.work, 'models', name)],
    run: () => work.trainModel(means, name),
  })
  return [
    train('forecast', 'the forecast model, trained', ['data']),
    train('latent', 'the autoencoder, fitted', ['data']),
    train('prior', 'the prior, trained on backgrounds of the forecast model', ['forecast', 'latent']),
    {
      name: 'selftest',
      what: 'what align-da doctor holds the models against',
      needs: ['forecast', 'latent', 'prior'],
      settings: {},
      writes: [join(out.models, 'selftest.json')],
      run: () => work.recordSelfTest(means),
    },
    {
      name: 'models',
      what: 'the models, scored on the test period',
      needs: ['forecast', 'latent', 'prior'],
      settings: evaluation,
      writes: ['models.json', 'forecast-skill.png', 'prior-spectra.png'].map((f) => join(out.results, f)),
      run: () =>
        runScript(experimentScript('models/evaluate'), [
          ...['--models', out.models, '--data', resolveLocation(data.location), '--out', out.results],
          ...['--dates', `${evaluation.dates}`, '--paper-dates', `${evaluation.paperDates}`],
        ]),
    },
  ]
}

async function alignmentStages(means: work.Means): Promise<Stage[]> {
  const { alignment, out, rules } = means.preset
  const {
    folder: _,
    aligned: __,
    run,
    rules: ruleSettings,
    training,
    validation,
    losses,
    ...drawing
  } = alignment
  const { validation: validationPeriod, ...data } = drawing.data
  const own = await Promise.all(alignment.rewards.flatMap((r) => ('file' in r ? [fileHash(r.file)] : [])))
  const judged = { training, validation, validationPeriod, seed: alignment.seed }
  const models = ['forecast', 'latent', 'prior']
  return [
    {
      name: 'candidates',
      what: 'samples of the prior for each background, with their rewards',
      needs: models,
      settings: { ...drawing, data, own },
      writes: [join(run, 'candidates')],
      clears: [join(run, 'candidates')],
      run: () => work.drawCandidates(means),
    },
    {
      name: 'pairs',
      what: 'candidates paired by rule',
      needs: [...models, 'candidates'],
      settings: rules.map((rule) => [rule, ruleSettings[rule]]),
      writes: rules.map((rule) => pairsFile(alignment, rule)),
      run: () => work.makePairs(means),
    },
    ...rules.map(
      (rule): Stage => ({
        name: `align-${rule}`,
        what: `the prior aligned with the pairs of ${rule}`,
        needs: [...models, 'pairs'],
        settings: judged,
        writes: [alignedFile(alignment, rule)],
        clears: [join(run, 'train', rule)],
        run: () => work.align(means, rule),
      }),
    ),
    {
      name: 'report',
      what: 'rewards, pairs and training as figures',
      needs: ['pairs', ...rules.map((rule) => `align-${rule}`)],
      settings: {},
      writes: work.pageFigures.map((file) => join(out.results, file)),
      run: () => work.reportAlignment(means),
    },
    ...(losses
      ? [
          {
            name: 'losses',
            what: 'the preference losses at equal compute',
            needs: [...models, 'candidates', 'pairs'],
            // Loss and steps are those of the comparison.
            settings: {
              ...judged,
              training: { ...training, loss: undefined, steps: undefined, validateEvery: undefined },
              ...{ losses, rules: losses.rules.map((rule) => ruleSettings[rule]) },
            },
            writes: ['json', 'png'].map((ending) => join(out.results, `alignment-losses.${ending}`)),
            clears: [join(out.work, 'losses')],
            run: () => work.compareAllLosses(means),
          },
        ]
      : []),
  ]
}

function osseStages(means: work.Means): Stage[] {
  const { osse, aligned, out, rules, given } = means.preset
  // Where the models lie is no setting of the experiment.
  const settings = ({ folder: _, models: __, tuned: ___, ...rest }: typeof osse) => rest
  const { tuning, ...untuned } = settings(osse)
  const models = ['forecast', 'latent', 'prior']
  const result = (name: string) => join(out.results, name)
  return [
    {
      name: 'tune',
      what: 'settings of the analyses, chosen on the validation period',
      needs: models,
      settings: settings(osse),
      writes: [out.tuned, result('osse-tuning.json')],
      run: () => work.tuneOsse(means),
    },
    {
      name: 'osse',
      what: 'the methods compared on known truths',
      needs: [...models, 'tune'],
      settings: untuned,
      writes: ['osse.json', 'osse-comparisons.json'].map(result),
      run: () => work.evaluateOsse(means),
    },
    {
      name: 'aligned',
      what: 'aligned priors against their reference on known truths',
      needs: [...models, ...rules.map((rule) => `align-${rule}`), ...(aligned.tuned ? ['tune'] : [])],
      settings: { ...settings(aligned), priors: rules },
      writes: [result('alignment.json')],
      run: () =>
        runScript(experimentScript('alignment/evaluate'), [
          ...['--config', given.aligned.path, '--run', join(out.work, 'aligned'), '--out', out.results],
          ...['--processes', `${means.processes}`, ...given.aligned.settings.flatMap((s) => ['--set', s])],
        ]),
    },
  ]
}

/** Experiments whose answer is known; they need no data. */
function closedFormStages({ out, lorenz96 }: Preset): Stage[] {
  const result = (name: string) => join(out.results, name)
  const stage = (
    name: string,
    what: string,
    files: string[],
    script: string,
    args: string[] = [],
  ): Stage => ({
    ...{ name, what, needs: [], settings: args, writes: files.map(result) },
    run: () => runScript(experimentScript(script), [...args, '--out', out.results]),
  })
  const figure = (name: string) => [`${name}.json`, `${name}.png`]
  const linear = figure('guidance-linear-gaussian')
  return [
    stage('guidance', 'every guidance where the posterior is known', linear, 'guidance/evaluate'),
    stage('toy', 'preference losses in the plane', figure('alignment-toy'), 'alignment-toy/evaluate'),
    stage('lorenz96', 'classical analyses against published errors', ['lorenz96.json'], 'lorenz96/evaluate', [
      `${lorenz96.cycles}`,
    ]),
  ]
}

/** Pages and figures of the documentation; only the repository has the scripts that make them. */
function pageStages({ out }: Preset): Stage[] {
  const [figures, table] = ['bench/doc-figures.ts', 'bench/doc-table.ts'].map(repositoryScript)
  return [
    ...(figures
      ? [
          {
            name: 'figures',
            what: 'the figures of the concepts',
            ...{ needs: [], settings: {}, writes: [join(out.docs, 'figures')] },
            run: () => runScript(figures, ['--docs', out.docs]),
          },
        ]
      : []),
    ...(table
      ? [
          {
            name: 'table',
            what: 'our numbers beside published ones',
            needs: ['models', 'osse', 'aligned', 'lorenz96'],
            settings: {},
            writes: ['method-table.md', 'checks-table.md'].map((page) => join(out.docs, page)),
            run: () => runScript(table, ['--docs', out.docs]),
          },
        ]
      : []),
  ]
}
