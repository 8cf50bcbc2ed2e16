import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import * as Plot from '@observablehq/plot'
import { stream } from '../src/random/stream.ts'
import { chartDocument, seriesColour } from '../src/report/chart.ts'
import { writeFigure } from '../src/report/figureFile.ts'
import { lineChart } from '../src/report/lineChart.ts'
import { theme } from '../src/report/theme.ts'

/** Draws the figures of docs/concepts.md in worlds of one and two numbers, where everything is known in closed form. */
const { values: options } = parseArgs({
  options: { docs: { type: 'string', default: fileURLToPath(new URL('../docs', import.meta.url)) } },
})
const folder = `${options.docs}/figures/`
await mkdir(folder, { recursive: true })
const [blue, orange, green] = [0, 1, 2].map(seriesColour)
const density = (x: number, mean: number, std: number) =>
  Math.exp(-0.5 * ((x - mean) / std) ** 2) / (std * Math.sqrt(2 * Math.PI))
const axis = (from: number, to: number, n = 241) =>
  Array.from({ length: n }, (_, i) => from + ((to - from) * i) / (n - 1))

// One temperature: background 271 ± 1.5 K, observation 274 ± 1 K.
{
  const [b, sb, y, sy] = [271, 1.5, 274, 1]
  const variance = 1 / (1 / sb ** 2 + 1 / sy ** 2)
  const mean = variance * (b / sb ** 2 + y / sy ** 2)
  const x = axis(265.5, 278.5)
  const curve = (m: number, s: number) => x.map((v) => density(v, m, s))
  await writeFigure(
    `${folder}bayes.png`,
    lineChart({
      title: 'What is believed before and after an observation',
      subtitle: `Background ${b} ± ${sb} K, observation ${y} ± ${sy} K, analysis ${mean.toFixed(1)} ± ${Math.sqrt(variance).toFixed(1)} K`,
      ...{ xLabel: 'Temperature (K)', yLabel: 'Density (1/K)', height: 300 },
      series: [
        { name: 'prior: background and its errors', x, y: curve(b, sb), colour: blue },
        { name: 'likelihood of the observation', x, y: curve(y, sy), colour: orange, dashed: true },
        { name: 'posterior: the analysis', x, y: curve(mean, Math.sqrt(variance)), colour: green },
      ],
    }),
  )
}

// Two temperatures with background (0, 0), errors of variance 1 and correlation 0.8; the first is observed.
type Pair = readonly [number, number]
const rho = 0.8
/** Eigenvectors (1, 1) and (1, -1) over sqrt 2, eigenvalues 1 + rho and 1 - rho: C^(1/2) n. */
const root = ([n1, n2]: Pair): Pair => {
  const [p, q] = [Math.sqrt((1 + rho) / 2) * n1, Math.sqrt((1 - rho) / 2) * n2]
  return [p + q, p - q]
}
const normals = (name: string, n: number) => {
  const values = stream(1, 'concepts', name).normal(new Float32Array(2 * n))
  return Array.from({ length: n }, (_, i): Pair => [values[2 * i], values[2 * i + 1]])
}
const [observed, error] = [1.5, 0.3]
const gain = 1 / (1 + error ** 2)
const posterior = {
  mean: [gain * observed, rho * gain * observed] as Pair,
  C: [1 - gain, rho * (1 - gain), 1 - rho ** 2 * gain],
}
const samples = normals('prior', 400).map(root)
const square = { height: 430, width: 520 }
/** The observation of place 1 and its error. */
const observation = [
  Plot.rect([0], {
    ...{ x1: observed - error, x2: observed + error, y1: -3.4, y2: 3.4 },
    ...{ fill: orange, fillOpacity: 0.16 },
  }),
  Plot.ruleX([observed], { stroke: orange, strokeWidth: 1.5, strokeDasharray: '6 4' }),
]
const scales = (label = 'Departure from the background') => ({
  x: {
    label: `${label}, place 1 (K)`,
    labelAnchor: 'center' as const,
    labelArrow: 'none' as const,
    domain: [-3.4, 3.4],
  },
  y: { label: `${label}, place 2 (K)`, labelArrow: 'none' as const, domain: [-3.4, 3.4] },
})
const background = Plot.dot([[0, 0]], { r: 5, fill: theme.ink })
{
  const errors = normals('observation errors', samples.length)
  // A draw of the posterior from one of the prior: x + K (y + e - x_1).
  const analyses = samples.map((x, i): Pair => {
    const departure = observed + error * errors[i][0] - x[0]
    return [x[0] + gain * departure, x[1] + rho * gain * departure]
  })
  await writeFigure(
    `${folder}prior.png`,
    chartDocument(
      {
        title: 'A prior knows what is correlated',
        subtitle: `Errors at two places correlate by ${rho}: observing one also moves the other`,
        ...square,
      },
      {
        ...scales(),
        marks: [
          ...observation,
          Plot.dot(samples, { r: 2.6, fill: blue, fillOpacity: 0.45 }),
          Plot.dot(analyses, { r: 2.6, fill: green, fillOpacity: 0.55 }),
          background,
        ],
      },
      [
        { name: 'samples of the prior', colour: blue, shape: 'dot' },
        { name: 'observation of place 1', colour: orange, dashed: true },
        { name: 'samples of the posterior', colour: green, shape: 'dot' },
        { name: 'background', colour: theme.ink, shape: 'dot' },
      ],
    ),
  )
}

// The way of the probability flow from noise to the posterior: z_t = mu m + (mu² P + sigma² I)^(1/2) n, exact for Gaussians.
{
  const times = axis(0, 1, 41).map((t) => 1 - t)
  const schedule = (t: number) => ({ mu: Math.cos((Math.PI / 2) * t), sigma: Math.sin((Math.PI / 2) * t) })
  const path = (mean: Pair, C: readonly number[], n: Pair) =>
    times.map((t): Pair => {
      const { mu, sigma } = schedule(t)
      const [a, b, c] = [mu ** 2 * C[0] + sigma ** 2, mu ** 2 * C[1], mu ** 2 * C[2] + sigma ** 2]
      // The root of [a b; b c] is (M + s I) / sqrt(a + c + 2 s) with s = sqrt(det).
      const s = Math.sqrt(a * c - b * b)
      const f = Math.sqrt(a + c + 2 * s)
      return [mu * mean[0] + ((a + s) * n[0] + b * n[1]) / f, mu * mean[1] + (b * n[0] + (c + s) * n[1]) / f]
    })
  const starts = normals('paths', 14)
  const unguided = starts.map((n) => path([0, 0], [1, rho, 1], n))
  const guided = starts.map((n) => path(posterior.mean, posterior.C, n))
  const lines = (paths: Pair[][], stroke: string) =>
    paths.map((p) => Plot.line(p, { stroke, strokeWidth: 1.4, strokeOpacity: 0.75 }))
  const ends = (paths: Pair[][], fill: string) =>
    Plot.dot(
      paths.map((p) => p[p.length - 1]),
      { r: 3.6, fill },
    )
  await writeFigure(
    `${folder}guidance.png`,
    chartDocument(
      {
        title: 'Guidance: the same noise, steered by an observation',
        subtitle: 'Paths of the sampler from noise to a sample, without and with the observation of place 1',
        ...square,
      },
      {
        ...scales(),
        marks: [
          ...observation,
          ...lines(unguided, blue),
          ...lines(guided, green),
          Plot.dot(starts, { r: 2.8, fill: 'white', stroke: theme.ink, strokeWidth: 1 }),
          ends(unguided, blue),
          ends(guided, green),
        ],
      },
      [
        { name: 'noise', colour: theme.muted, shape: 'dot' },
        { name: 'unguided: to the prior', colour: blue },
        { name: 'guided: to the posterior', colour: green },
        { name: 'observation', colour: orange, dashed: true },
      ],
    ),
  )
}

// A reward r(x) tilts a prior: p*(x) ~ p(x) exp(r(x) / beta), the optimum that preference optimisation aims at.
{
  const x = axis(-4, 4)
  const prior = x.map((v) => 0.6 * density(v, -0.9, 0.9) + 0.4 * density(v, 1.3, 0.7))
  const reward = x.map((v) => 1 / (1 + Math.exp(-2.5 * (v - 0.4))))
  const tilted = (beta: number) => {
    const raw = prior.map((p, i) => p * Math.exp(reward[i] / beta))
    const sum = raw.reduce((a, b) => a + b, 0) * (x[1] - x[0])
    return raw.map((v) => v / sum)
  }
  await writeFigure(
    `${folder}preference.png`,
    lineChart({
      title: 'Preferences tilt the prior',
      subtitle:
        'p*(x) = p(x) exp(r(x) / β) / Z: a small β follows the reward, a large one stays with the prior',
      ...{ xLabel: 'A quantity of the state', yLabel: 'Density; reward', height: 300 },
      series: [
        { name: 'prior', x, y: prior, colour: blue },
        { name: 'reward', x, y: reward, colour: orange, dashed: true },
        { name: 'aligned, β = 1', x, y: tilted(1), colour: theme.series[3] },
        { name: 'aligned, β = 0.3', x, y: tilted(0.3), colour: green },
      ],
    }),
  )
}
