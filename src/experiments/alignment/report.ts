import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PairRule } from '../../alignment/pairs.ts'
import { writeFileAtomic } from '../../base/files.ts'
import { readMetrics } from '../../nn/index.ts'
import { barChart } from '../../report/distributionCharts.ts'
import { writeFigure } from '../../report/figureFile.ts'
import { type Block, htmlPage, type Section } from '../../report/html.ts'
import { lineChart } from '../../report/lineChart.ts'
import { mapFigure } from '../../report/mapFigure.ts'
import type { MapPanel } from '../../report/mapPanel.ts'
import { scorecard } from '../../report/scorecard.ts'
import { allCandidates, type Candidates } from './candidates.ts'
import { pairsOf, type RulePairs, rewardCorrelations } from './pairs.ts'
import type { AlignmentSetting } from './setting.ts'

/** Figures of an alignment by name, SVG. */
type Figures = Map<string, { svg: string; caption: string }>

/**
 * A page about an alignment as far as it has got: how rewards go together, what pairs prefer and by how much, a pair on
 * maps, the scores of training and soups. Writes report.html in the run's folder, and figures as PNG where asked.
 * @returns the page's path
 * @throws DataError for missing candidates
 */
export async function alignmentReport(setting: AlignmentSetting, figureFolder?: string): Promise<string> {
  const { config } = setting
  const candidates = await allCandidates(setting)
  const rules = Object.entries(config.rules)
  const found = new Map(rules.map(([name, rule]) => [name, pairsOf(candidates, rule)]))
  const figures: Figures = new Map()
  figures.set('rewards', {
    svg: correlations(candidates),
    caption: 'Rewards that agree prefer the same candidates; where they do not, a rule has to weigh them.',
  })
  figures.set('margins', {
    svg: margins(found),
    caption: 'In standard deviations over the candidates of a date.',
  })
  const [name, first] = [...found][0]
  figures.set('pair', await examplePair(setting, name, first))
  const training = await trainingCurves(setting)
  for (const [key, figure] of training) figures.set(key, figure)
  const soups = await soupFronts(setting)
  for (const [key, figure] of soups) figures.set(key, figure)
  if (figureFolder)
    for (const [key, { svg }] of figures) await writeFigure(join(figureFolder, `alignment-${key}.png`), svg)

  const figure = (key: string): Block => {
    const { svg, caption } = figures.get(key) as { svg: string; caption: string }
    return { kind: 'figure', svg, alt: caption, caption }
  }
  const sections: Section[] = [
    { title: 'Rewards', blocks: [figure('rewards')] },
    {
      title: 'Pairs',
      blocks: [
        { kind: 'table', rows: rules.map(([n, rule]) => coverage(n, rule, found.get(n))) },
        figure('margins'),
      ],
    },
    { title: 'A pair', blocks: [figure('pair')] },
    ...(training.size ? [{ title: 'Training', blocks: [...training.keys()].map(figure) }] : []),
    ...(soups.size ? [{ title: 'Soups', blocks: [...soups.keys()].map(figure) }] : []),
  ]
  const path = join(config.run, 'report.html')
  const lead = `${candidates.length} dates of ${config.candidates} candidates each, seed ${config.seed}; reference ${setting.reference.slice(0, 12)}`
  await writeFileAtomic(path, htmlPage({ title: 'Alignment of the prior', lead, sections }))
  return path
}

function coverage(name: string, rule: PairRule, found?: RulePairs) {
  const { pairs, dates } = found as RulePairs
  return { rule: name, kind: rule.kind, rewards: rule.rewards.join(', '), pairs: pairs.times.length, dates }
}

function correlations(candidates: readonly Candidates[]): string {
  const cells = rewardCorrelations(candidates).flatMap(({ reward, ...others }) =>
    Object.entries(others).map(([column, r]) => ({ row: String(reward), column, change: r as number })),
  )
  return scorecard({
    ...{ title: 'How rewards go together', label: 'Rank correlation (%)', limit: 1, cells },
    subtitle: 'over the candidates of a date, mean over dates',
  })
}

function margins(found: ReadonlyMap<string, RulePairs>): string {
  const bars = [...found].flatMap(([category, rule]) =>
    Object.entries(rule.margins).map(([group, value]) => ({ category, group, value })),
  )
  return barChart({
    ...{ title: 'What pairs prefer', bars, yLabel: 'standard deviations' },
    subtitle: 'how far winners are ahead of losers in each reward, by rule',
  })
}

/** The first pair of a rule beside the truth, as increments of one field. */
async function examplePair({ codec, prior, truth }: AlignmentSetting, name: string, { pairs }: RulePairs) {
  const { channels, grid, normaliser } = prior.world
  const [size, points] = [pairs.winner.length / pairs.times.length, grid.size]
  const first = (values: Float32Array, i = 0) => values.subarray(i * size, (i + 1) * size)
  const [background, winner, loser] = await Promise.all(
    [first(pairs.backgrounds, pairs.place[0]), first(pairs.winner), first(pairs.loser)].map((z) =>
      codec.decodeLatents(z),
    ),
  )
  const c = channels.has('z500') ? channels.index('z500') : 0
  const { variable, level } = channels.channels[c]
  const std = normaliser.select([channels.names[c]]).std[0]
  const panel = (title: string, state: Float32Array): MapPanel => ({
    title,
    field: {
      ...{ latitude: grid.latitude, longitude: grid.longitude },
      ...{ variable: variable.name, level, kind: 'difference', group: 'increment' },
      values: Float64Array.from(
        { length: points },
        (_, i) => (state[c * points + i] - background[c * points + i]) * std,
      ),
    },
  })
  return {
    svg: mapFigure({
      panels: [
        panel('Truth', await truth.read([pairs.times[0]])),
        panel('Winner', winner),
        panel('Loser', loser),
      ],
      title: `A pair of rule ${name}: increments to the background`,
      subtitle: `${new Date(pairs.times[0]).toISOString().slice(0, 13)} UTC`,
      columns: 3,
      ratio: 1,
    }),
    caption: 'Winner and loser are samples of the prior for the same background; rewards prefer the winner.',
  }
}

async function trainingCurves({ config }: AlignmentSetting): Promise<Figures> {
  const out: Figures = new Map()
  const curves = []
  for (const rule of Object.keys(config.rules)) {
    const path = join(config.run, 'train', rule, 'metrics.jsonl')
    if (!existsSync(path)) continue
    const lines = (await readMetrics(path)).filter((line) => line.validation)
    curves.push({
      rule,
      lines: lines.map((l) => ({ step: l.step, ...(l.validation as Record<string, number>) })),
    })
  }
  if (curves.length === 0) return out
  const charts = {
    memberMse: ['Error of single fresh samples', 'mean squared error', []],
    meanMse: ['Error of their mean', 'mean squared error', []],
    spreadSkill: ['Spread over skill', 'ratio', [1]],
    geo: ['Geostrophic balance', 'score', []],
  } as const
  for (const [score, [title, yLabel, rules]] of Object.entries(charts)) {
    const series = curves
      .map(({ rule, lines }) => ({
        name: rule,
        x: lines.map((l) => l.step),
        y: lines.map((l) => (l as Record<string, number>)[score] ?? Number.NaN),
        dots: true,
      }))
      .filter(({ y }) => y.some(Number.isFinite))
    if (series.length)
      out.set(score, {
        svg: lineChart({ title, yLabel, rules, series, xLabel: 'training step', width: 560, height: 300 }),
        caption: `On ${config.validation.dates} validation dates, ${config.validation.members} members each.`,
      })
  }
  return out
}

async function soupFronts({ config }: AlignmentSetting): Promise<Figures> {
  const out: Figures = new Map()
  const folder = join(config.run, 'soups')
  if (!existsSync(folder)) return out
  for (const file of (await readdir(folder)).filter((f) => f.endsWith('.json')).sort()) {
    const rows = JSON.parse(await readFile(join(folder, file), 'utf8')) as Record<string, number>[]
    const [a, b] = Object.keys(rows[0])
    out.set(`soup-${a}-${b}`, {
      svg: lineChart({
        ...{ title: `From ${a} to ${b} without training`, width: 560, height: 340 },
        ...{ xLabel: 'mean squared error of single samples', yLabel: 'geostrophic score' },
        series: [{ name: 'soups', x: rows.map((r) => r.memberMse), y: rows.map((r) => r.geo), dots: true }],
      }),
      caption: `Weights between those of ${a} and ${b}, ${rows.length} mixtures.`,
    })
  }
  return out
}
