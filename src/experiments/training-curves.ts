import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readMetrics } from '../nn/index.ts'
import { writeFigure } from '../report/figureFile.ts'
import { lineChart } from '../report/lineChart.ts'

/**
 * Draws the training and validation losses of every metrics.jsonl in a run folder, as curves.svg beside it.
 * @returns the figures' paths
 */
export async function drawCurves(folder: string, title: string): Promise<string[]> {
  // A model that took no steps (principal components) has none.
  if (!existsSync(folder)) return []
  const found = (await readdir(folder, { recursive: true })).filter((f) => /(^|\/)metrics\.jsonl$/.test(f))
  const figures: string[] = []
  for (const file of found.sort()) {
    const lines = await readMetrics(join(folder, file))
    const pick = (of: (line: (typeof lines)[number]) => unknown) =>
      lines.flatMap((line) => {
        const y = of(line)
        return typeof y === 'number' ? [{ x: line.step, y }] : []
      })
    const training = pick((line) => line.loss)
    const validation = pick((line) => (line.validation as { loss?: number } | undefined)?.loss)
    if (training.length === 0) continue
    const part = file.includes('/') ? `, ${file.split('/').at(-2)}` : ''
    const best = validation.reduce((a, b) => (b.y < a.y ? b : a), validation[0])
    const path = join(folder, file.replace(/metrics\.jsonl$/, 'curves.svg'))
    const series = (name: string, points: { x: number; y: number }[], dots = false) => ({
      ...{ name, dots, x: points.map((p) => p.x), y: points.map((p) => p.y) },
    })
    await writeFigure(
      path,
      lineChart({
        title: `${title}${part}`,
        subtitle: best ? `best validation ${best.y.toPrecision(4)} at step ${best.x}` : undefined,
        xLabel: 'Training step',
        yLabel: 'Loss',
        log: 'y',
        series: [
          series('training', training),
          ...(validation.length ? [series('validation', validation, true)] : []),
        ],
      }),
    )
    figures.push(path)
  }
  return figures
}
