import { join } from 'node:path'
import { seriesColour } from '../../report/chart.ts'
import { writeFigure } from '../../report/figureFile.ts'
import { lineChart, type Series } from '../../report/lineChart.ts'
import { panels } from '../../report/svg.ts'
import { type OsseRow, shown } from './summary.ts'

const units: Readonly<Record<string, string>> = {
  u10: 'm s⁻¹',
  v500: 'm s⁻¹',
  z500: 'm² s⁻²',
  t850: 'K',
}

/** Draws osse-density.png and osse-spread-skill.png; returns their paths. Without random networks there are none. */
export async function osseFigures(rows: readonly OsseRow[], folder: string): Promise<string[]> {
  const densities = [...new Set(rows.map((r) => r.density))]
    .filter((d): d is number => typeof d === 'number' && d > 0)
    .sort((a, b) => a - b)
  if (densities.length < 2) return []
  const noises = [...new Set(rows.filter((r) => r.density !== 0).map((r) => r.noise))].sort((a, b) => a - b)
  const panel = (
    noise: number,
    score: string,
    words: { title: string; yLabel: string },
    more: { rules?: number[] } = {},
  ) =>
    lineChart({
      title: words.title,
      subtitle: noise === 0 ? 'observations without error' : `observation error ${noise}`,
      ...{ width: 520, height: 300, xLabel: '% of columns observed', yLabel: words.yLabel },
      ...{ log: 'x', xTicks: densities.map((d) => 100 * d), rules: more.rules },
      series: linesOf(rows, densities, noise, score),
    })
  const errors = noises.flatMap((noise) => [
    panel(noise, 'meanMse', { title: 'Error of the analysis', yLabel: 'mean squared error, normalised' }),
  ])
  const channels = shown
    .filter((c) => rows.some((r) => r[c] !== null && r[c] !== undefined))
    .flatMap((c) =>
      noises.map(
        (noise) =>
        panel(noise, `mean${c[0].toUpperCase()}${c.slice(1)}`, { title: `${c} of the analysis`, yLabel: `RMSE, ${units[c]}` }), // biome-ignore format: one expression
      ),
    )
  const reliable = noises.map((noise) =>
    panel(
      noise,
      'spreadSkill',
      { title: 'Spread over skill', yLabel: '1: reliable, below: too narrow' },
      { rules: [0.8, 1, 1.2] },
    ),
  )
  const columns = noises.length > 1 ? noises.length : 2
  const paths = [join(folder, 'osse-density.png'), join(folder, 'osse-spread-skill.png')]
  await writeFigure(paths[0], panels([...errors, ...channels], columns), { scale: 1.5 })
  await writeFigure(paths[1], panels(reliable, noises.length), { scale: 1.5 })
  return paths
}

/** A line for each method and model; what uses no observations is level. */
function linesOf(
  rows: readonly OsseRow[],
  densities: readonly number[],
  noise: number,
  score: string,
): Series[] {
  const names = [...new Set(rows.map((r) => JSON.stringify([r.method, r.model])))]
  const several = new Set(rows.map((r) => r.model)).size > 1
  return names.flatMap((name, k) => {
    const [method, model] = JSON.parse(name) as [string, string]
    const own = rows.filter((r) => r.method === method && r.model === model)
    const level = own.find((r) => r.density === 0)
    const y = densities.map((d) => {
      const row = level ?? own.find((r) => r.density === d && r.noise === noise)
      const value = row?.[score]
      return typeof value === 'number' ? value : Number.NaN
    })
    if (y.every(Number.isNaN)) return []
    return [
      {
        name: several ? `${method}, ${model}` : method,
        x: densities.map((d) => 100 * d),
        ...{ y, dots: !level, dashed: level !== undefined },
        colour: seriesColour(k),
      },
    ]
  })
}
