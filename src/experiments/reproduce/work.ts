import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '../../base/files.ts'
import { progress } from '../../base/progress.ts'
import { jsonText, tableText } from '../../report/table.ts'
import { Runtime } from '../../tensor/index.ts'
import { allCandidates, makeCandidates } from '../alignment/candidates.ts'
import { rewardCorrelations, writePairs } from '../alignment/pairs.ts'
import { alignmentReport } from '../alignment/report.ts'
import { type AlignmentSetting, openAlignment } from '../alignment/setting.ts'
import { trainAligned } from '../alignment/train.ts'
import { compareConfigured, writeLosses } from '../alignment-losses/configured.ts'
import { shippedSamples } from '../demo/setting.ts'
import { loadOsse } from '../osse/config.ts'
import { reportOf, writeReport } from '../osse/report.ts'
import { runOsse } from '../osse/run.ts'
import { tune } from '../osse/tune.ts'
import { drawSelfTest, referenceFile } from '../selftest.ts'
import { type ModelName, trainModels } from '../train-models.ts'
import type { Preset } from './config.ts'

/** What the stages share. */
export interface Means {
  readonly preset: Preset
  readonly device?: string
  /** Processes that share dates. */
  readonly processes: number
  /** The command line, for cards and records. */
  readonly command: string
}

const say = (line: string) => process.stderr.write(`${line}\n`)

async function withRuntime<T>({ device }: Pick<Means, 'device'>, work: (runtime: Runtime) => Promise<T>) {
  const runtime = new Runtime({ device })
  try {
    return await work(runtime)
  } finally {
    await runtime.close()
  }
}

/** Progress of which the total is known at the first report. */
function bar(label: string): (done: number, all: number, note?: string) => void {
  let line: ReturnType<typeof progress> | undefined
  return (done, all, note) => {
    line ??= progress(label, all)
    if (done < all) line.update(done, note)
    else line.end()
  }
}

export const trainModel = (means: Means, model: ModelName) =>
  withRuntime(means, async (runtime) => {
    const { models, out } = means.preset
    const folder = join(out.work, 'models')
    await trainModels(models, { ...{ runtime, models: [model], folder, command: means.command, say } })
  })

/** What `align-da doctor` holds the models against; on the CPU, whatever the device of the run. */
export const recordSelfTest = ({ preset }: Means) =>
  withRuntime({ device: 'cpu' }, async (runtime) => {
    const { models } = preset.out
    const drawn = await drawSelfTest(runtime, models, join(shippedSamples, 'nature-run.zarr'))
    const rounded = { ...drawn, increments: drawn.increments.map((v) => Number(v.toPrecision(7))) }
    await writeFileAtomic(referenceFile(models), `${JSON.stringify(rounded)}\n`)
  })

const withAlignment = (means: Means, work: (setting: AlignmentSetting) => Promise<void>) =>
  withRuntime(means, async (runtime) => {
    const setting = await openAlignment(runtime, means.preset.alignment)
    try {
      await work(setting)
    } finally {
      await setting.close()
    }
  })

export const drawCandidates = (means: Means) =>
  withAlignment(means, async (setting) => {
    await makeCandidates(setting, { onProgress: bar('candidates') })
  })

export const makePairs = (means: Means) =>
  withAlignment(means, async (setting) => {
    const found = await allCandidates(setting)
    say(tableText(rewardCorrelations(found), 2))
    for (const rule of means.preset.rules) {
      const { pairs, dates } = await writePairs(setting, found, rule)
      say(`${rule}: ${pairs.times.length} pairs of ${dates} dates`)
    }
  })

export const align = (means: Means, rule: string) =>
  withAlignment(means, async (setting) => {
    const { best, unchanged } = await trainAligned(setting, rule)
    say(
      unchanged
        ? `${rule}: nothing beat the reference, which is kept`
        : `${rule}: step ${best.step} is the best`,
    )
  })

/** Figures that the pages show; all are in the report. */
export const pageFigures = ['rewards', 'margins'].map((name) => `alignment-${name}.png`)

export const reportAlignment = (means: Means) =>
  withAlignment(means, async (setting) => {
    const { out } = means.preset
    const figures = join(out.work, 'alignment/figures')
    say(await alignmentReport(setting, figures))
    for (const name of pageFigures)
      await writeFileAtomic(join(out.results, name), await readFile(join(figures, name)))
  })

/** Losses on the pairs of rules, judged by what decides in training. */
export const compareAllLosses = (means: Means) =>
  withAlignment(means, async (setting) => {
    const { rules, out } = means.preset
    // Pairs by rules that give no prior are of use here alone.
    const others = setting.config.losses?.rules.filter((rule) => !rules.includes(rule)) ?? []
    const found = others.length > 0 ? await allCandidates(setting) : []
    for (const rule of others) await writePairs(setting, found, rule)
    const rows = await compareConfigured(setting, join(out.work, 'losses'), bar('losses'))
    await writeLosses(rows, join(out.results, 'alignment-losses'))
  })

function osseOptions({ preset, processes, device, command }: Means, label: string) {
  return { folder: join(preset.out.work, 'osse'), processes, device, command, onProgress: bar(label) }
}

export async function tuneOsse(means: Means): Promise<void> {
  const { out, osse } = means.preset
  // What an earlier tuning chose is no part of this one.
  await rm(out.tuned, { force: true })
  const trials = await tune(osse, osseOptions(means, 'trials'))
  await writeFileAtomic(join(out.results, 'osse-tuning.json'), `${jsonText(trials)}\n`)
}

export async function evaluateOsse(means: Means): Promise<void> {
  const { out, given } = means.preset
  const config = await loadOsse(given.osse.path, given.osse.settings)
  const results = await runOsse(config, osseOptions(means, 'cases'))
  await writeReport(reportOf(results), config, out.results)
}
