import { join } from 'node:path'
import { seriesColour } from '../../report/chart.ts'
import { writeFigure } from '../../report/figureFile.ts'
import { lineChart, type Series } from '../../report/lineChart.ts'
import { panels } from '../../report/svg.ts'
import { theme } from '../../report/theme.ts'
import { inOrder, methodName } from './names.ts'
import { type OsseRow, shown } from './summary.ts'

const units: Readonly<Record<string, string>> = {
  u10: 'm s⁻¹',
  v500: 'm s⁻¹',
  z500: 'm² s⁻²',
  t850: 'K',
}

/**
 * Draws, over the density of observations, the error of the analysis with the largest observation error
 * (osse-density.png), the same for every error and channel (osse-channels.png) and the reliability of ensembles
 * (osse-spread-skill.png); returns their paths. Without two densities of random columns there are none.
 */
export async function osseFigures(rows: readonly OsseRow[], folder: string): Promise<string[]> {
  const densities = [...new Set(rows.map((r) => r.density))]
    .filter((d): d is number => typeof d === 'number' && d > 0)
    .sort((a, b) => a - b)
  if (densities.length < 2) return []
  const noises = [...new Set(rows.filter((r) => r.density !== 0).map((r) => r.noise))].sort((a, b) => b - a)
  const panel = (noise: number, score: string, words: { title: string; yLabel: string }, rules?: number[]) =>
    lineChart({
      title: words.title,
      subtitle: noise === 0 ? 'observations without error' : `observation error ${noise}`,
      ...{ width: 520, height: 320, xLabel: '% of columns observed', yLabel: words.yLabel },
      ...{ log: 'x', xTicks: densities.map((d) => 100 * d), rules },
      series: linesOf(rows, densities, noise, score),
    })
  const error = (noise: number) =>
    panel(noise, 'meanMse', {
      title: 'Error of the analysis by density of observations',
      yLabel: 'mean squared error, normalised',
    })
  const channels = shown
    .filter((c) => rows.some((r) => r[c] !== null && r[c] !== undefined))
    .flatMap((c) => {
      const words = { title: `${c} of the analysis`, yLabel: `RMSE, ${units[c]}` }
      return noises.map((noise) => panel(noise, `mean${c[0].toUpperCase()}${c.slice(1)}`, words))
    })
  const words = { title: 'Spread over skill', yLabel: '1: reliable; below 1: too narrow' }
  const reliable = noises.map((noise) => panel(noise, 'spreadSkill', words, [1]))
  const drawings = {
    density: error(noises[0]),
    channels: panels([...noises.map(error), ...channels], Math.max(2, noises.length)),
    'spread-skill': panels(reliable, noises.length),
  }
  const paths: string[] = []
  for (const [name, drawing] of Object.entries(drawings)) {
    paths.push(join(folder, `osse-${name}.png`))
    await writeFigure(paths[paths.length - 1], drawing, { scale: 2 })
  }
  return paths
}

/** A line for each method and model, coloured; what uses no observations is level, dashed and grey. */
export function linesOf(
  rows: readonly OsseRow[],
  densities: readonly number[],
  noise: number,
  score: string,
): Series[] {
  const names = [...new Set(inOrder(rows).map((r) => JSON.stringify([r.method, r.model])))]
  const several = new Set(rows.map((r) => r.model)).size > 1
  const greys = [theme.muted, theme.ink]
  let [coloured, level] = [0, 0]
  return names.flatMap((key) => {
    const [method, model] = JSON.parse(key) as [string, string]
    const own = rows.filter((r) => r.method === method && r.model === model)
    const constant = own.find((r) => r.density === 0)
    const colour = constant ? greys[level++ % greys.length] : seriesColour(coloured++)
    const values = densities.map((d) => {
      const value = (constant ?? own.find((r) => r.density === d && r.noise === noise))?.[score]
      return typeof value === 'number' ? value : Number.NaN
    })
    // Joined across densities that a method was not run at, and dashed there too.
    const there = densities.flatMap((_, i) => (Number.isFinite(values[i]) ? [i] : []))
    if (there.length === 0) return []
    const x = there.map((i) => 100 * densities[i])
    const y = there.map((i) => values[i])
    const name = methodName(method, several ? model : undefined)
    return [
      { name, x, y, colour, dots: !constant, dashed: constant !== undefined || there.length < values.length },
    ]
  })
}
