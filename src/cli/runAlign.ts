import { ConfigError } from '../base/errors.ts'
import { type Progress, progress } from '../base/progress.ts'
import { allCandidates, makeCandidates } from '../experiments/alignment/candidates.ts'
import { loadAlignment } from '../experiments/alignment/config.ts'
import { rewardCorrelations, writePairs } from '../experiments/alignment/pairs.ts'
import { alignmentReport } from '../experiments/alignment/report.ts'
import { type AlignmentSetting, openAlignment } from '../experiments/alignment/setting.ts'
import { soups } from '../experiments/alignment/soup.ts'
import { alignedFile, trainAligned } from '../experiments/alignment/train.ts'
import { tableText } from '../report/table.ts'
import { Runtime } from '../tensor/index.ts'

export interface AlignOptions {
  config: string
  set?: string[]
  device?: string
  shard?: string
  rule?: string[]
  points?: number
  figures?: string
}

async function within(
  options: AlignOptions,
  work: (setting: AlignmentSetting) => Promise<void>,
): Promise<void> {
  const config = await loadAlignment(options.config, options.set)
  const runtime = new Runtime({ device: options.device })
  try {
    const setting = await openAlignment(runtime, config)
    try {
      await work(setting)
    } finally {
      await setting.close()
    }
  } finally {
    await runtime.close()
  }
}

export const candidates = (options: AlignOptions) =>
  within(options, async (setting) => {
    let bar: Progress | undefined
    const seconds = await makeCandidates(setting, {
      shard: options.shard ? shardOf(options.shard) : undefined,
      onProgress(done, all) {
        bar ??= progress('candidates', all)
        bar.update(done)
      },
    })
    bar?.end()
    const { candidates: n } = setting.config
    if (Object.keys(seconds).length > 0)
      console.log(tableText(Object.entries(seconds).map(([work, s]) => ({ work, seconds: s }))))
    console.log(`${n} candidates a date in ${setting.config.run}/candidates`)
  })

export const pairs = (options: AlignOptions) =>
  within(options, async (setting) => {
    const found = await allCandidates(setting)
    console.log('Rank correlation of rewards over the candidates of a date')
    console.log(tableText(rewardCorrelations(found), 2))
    const rows = []
    for (const name of options.rule ?? Object.keys(setting.config.rules)) {
      const { pairs, margins, dates } = await writePairs(setting, found, name)
      rows.push({ rule: name, pairs: pairs.times.length, dates, ...margins })
    }
    console.log('\nPairs, and by how many deviations winners are ahead of losers')
    console.log(tableText(rows, 3))
  })

export const train = (options: AlignOptions) =>
  within(options, async (setting) => {
    for (const name of options.rule ?? Object.keys(setting.config.rules)) {
      const scores: Record<string, number>[] = []
      const { best, unchanged, step } = await trainAligned(setting, name, (s) => scores.push({ ...s }))
      console.log(tableText(scores, 4))
      const said = unchanged ? 'nothing beat the reference, which is kept' : `step ${best.step} is the best`
      console.log(`${name}: ${step} steps, ${said}; wrote ${alignedFile(setting.config, name)}`)
    }
  })

export const soup = (options: AlignOptions) =>
  within(options, async (setting) => {
    const rules = options.rule ?? []
    if (rules.length !== 2) throw new ConfigError(`a soup is of two rules, not of ${rules.length}`)
    console.log(tableText(await soups(setting, [rules[0], rules[1]], options.points ?? 5), 4))
  })

export const report = (options: AlignOptions) =>
  within(options, async (setting) => {
    console.log(`wrote ${await alignmentReport(setting, options.figures)}: open it in a browser`)
  })

function shardOf(text: string): { index: number; count: number } {
  const [, i, n] = /^(\d+)\/(\d+)$/.exec(text) ?? []
  const [index, count] = [Number(i) - 1, Number(n)]
  if (!(index >= 0 && index < count))
    throw new ConfigError(`--shard ${text}: write 1/4 for the first of four`)
  return { index, count }
}
