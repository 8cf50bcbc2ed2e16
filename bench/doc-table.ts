import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeFileAtomic } from '../src/base/files.ts'

/** docs/method-table.md: the numbers of docs/results/ beside those of the paper (arXiv 2505.22008, NeurIPS 2025). */
const { values: options } = parseArgs({
  options: { docs: { type: 'string', default: fileURLToPath(new URL('../docs', import.meta.url)) } },
})

/** Analysis MSE and MAE (normalised), RMSE of four channels, MSE and z500 RMSE of the 48-h forecast; 1 % of columns, no noise. */
const paper = {
  'no observations': [0.0643, 0.1382, 1.5275, 2.7467, 104.55, 1.0897, 0.1146, 232.6],
  'no observations, aligned (M)': [0.0611, 0.1348, 1.4942, 2.7202, 96.86, 1.0866, 0.108, 225.8],
  'no observations, aligned (4)': [0.0571, 0.1335, 1.4675, 2.6546, 94.37, 1.0649, 0.1028, 219.8],
  Repaint: [0.0623, 0.1368, 1.5009, 2.7027, 103.3, 1.0911, 0.1123, 228.3],
  'Repaint, aligned (M)': [0.0598, 0.1344, 1.4759, 2.6836, 96.89, 1.0889, 0.1068, 222.9],
  'Repaint, aligned (4)': [0.0567, 0.1333, 1.4536, 2.6327, 95.72, 1.0756, 0.1017, 217.5],
  DPS: [0.0609, 0.1337, 1.4441, 2.5972, 93.47, 1.1159, 0.0969, 193.4],
  'DPS, aligned (M)': [0.0593, 0.1317, 1.4187, 2.58, 88.42, 1.11, 0.0943, 189.7],
  'DPS, aligned (4)': [0.0588, 0.1315, 1.4155, 2.5672, 87.32, 1.0996, 0.0938, 189.4],
  '3D-Var': [0.0581, NaN, NaN, NaN, NaN, NaN, 0.0952, NaN],
} as const
const scores = ['mse', 'mae', 'u10', 'v500', 'z500', 't850', 'fcMse', 'fcZ500'] as const
const heads = ['MSE', 'MAE', 'u10 (m/s)', 'v500 (m/s)', 'z500 (m²/s²)', 't850 (K)', '48-h MSE', '48-h z500']
const places = [4, 4, 3, 3, 1, 3, 4, 1]

interface Row {
  method: string
  model: string
  density: number | string
  noise: number
  dates: number
  [score: string]: unknown
}

const table = (names: readonly string[], rows: readonly (readonly string[])[]) =>
  [
    `| ${names.join(' | ')} |`,
    `|${names.map((_, i) => (i ? '---:' : '---')).join('|')}|`,
    ...rows.map((r) => `| ${r.join(' | ')} |`),
  ].join('\n')
const number = (value: unknown, k: number) =>
  typeof value === 'number' && Number.isFinite(value) ? value.toFixed(places[k]) : '–'
const share = (d: number | string) => (typeof d === 'number' ? (d === 0 ? 'none' : `${100 * d} %`) : d)

function read<T>(name: string): T | undefined {
  const path = `${options.docs}/results/${name}`
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined
}

function ours(): string {
  const rows = read<Row[]>('osse.json')
  if (!rows?.length)
    return '_Our table is made by `align-da evaluate --config configs/osse.yaml`, which has not been run for this page._'
  // Methods without observations have no errors of them.
  const noise = Math.min(...rows.filter((r) => r.density !== 0).map((r) => r.noise))
  const shown = rows.filter((r) => r.noise === noise || r.density === 0)
  const parts: string[] = []
  for (const [title, prefix] of [
    ['Single members, as in the paper', ''],
    ['The mean of the members, the better estimate', 'mean'],
  ] as const) {
    // biome-ignore format: a table
    const named = (s: string) => (prefix ? (s.startsWith('fc') ? s.replace('fc', 'fcMean') : `mean${s[0].toUpperCase()}${s.slice(1)}`) : s)
    const body = shown.map((r) => [
      `${r.method}${r.model === 'base' ? '' : ` (${r.model})`}`,
      share(r.density),
      ...scores.map((s, k) => number(r[named(s)], k)),
    ])
    parts.push(
      `**${title}** (${shown[0].dates} dates, observation error ${noise})\n\n${table(['method', 'columns observed', ...heads], body)}`,
    )
  }
  return parts.join('\n\n')
}

/** What alignment changes: (base - aligned) / base, for each method that was run with more than one prior. */
function gains(): string {
  const rows = read<Row[]>('alignment.json') ?? []
  const body = rows.flatMap((row) => {
    const base = rows.find(
      (r) =>
        r.method === row.method && r.density === row.density && r.noise === row.noise && r.model === 'base',
    )
    if (row.model === 'base' || !base) return []
    const change = (s: string) => {
      const [b, n] = [base[s], row[s]]
      return typeof b === 'number' && typeof n === 'number' ? `${((100 * (b - n)) / b).toFixed(1)} %` : '–'
    }
    const interval = (s: string) => {
      const [value, low, high] = ['', 'Low', 'High'].map((end) => row[`${s}${end}`])
      return typeof value === 'number'
        ? `${(100 * value).toFixed(1)} % (${(100 * Number(low)).toFixed(1)}, ${(100 * Number(high)).toFixed(1)})`
        : '–'
    }
    const both = (s: string, digits: number) =>
      [base, row].map((r) => (typeof r[s] === 'number' ? (r[s] as number).toFixed(digits) : '–')).join(' → ')
    return [
      [
        `${row.method} (${row.model})`,
        share(row.density),
        String(row.noise),
        ...[interval('gain'), change('meanMse'), change('z500'), interval('fcGain'), change('crps')],
        ...[both('spreadSkill', 2), both('geo', 2)],
      ],
    ]
  })
  const theirs = (['no observations', 'Repaint', 'DPS'] as const).flatMap((name) =>
    (['M', '4'] as const).map((reward) => {
      const [b, n] = [paper[name], paper[`${name}, aligned (${reward})`]]
      const change = (k: number) => `${((100 * (b[k] - n[k])) / b[k]).toFixed(1)} %`
      return [
        `paper: ${name} (${reward})`,
        name === 'no observations' ? 'none' : '1 %',
        '0',
        change(0),
        '–',
        change(4),
        change(6),
        ...['–', '–', '–'],
      ]
    }),
  )
  const note = body.length ? '' : '\n\n_No aligned prior has been evaluated for this page yet._'
  return (
    table(
      [
        ...['method', 'columns observed', 'error', 'MSE', 'MSE of the mean', 'z500', '48-h MSE', 'CRPS'],
        ...['spread/skill', 'Geo-Score'],
      ],
      [...theirs, ...body],
    ) + note
  )
}

const models = read<Record<string, Record<string, number>>>('models.json')
const background = models
  ? Object.entries(flat(models)).filter(([k]) =>
      /^(background|autoencoder|forecast|persistence)\.mse/.test(k),
    )
  : []
function flat(value: Record<string, unknown>, prefix = ''): Record<string, number> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([k, v]) =>
      typeof v === 'object' && v !== null
        ? Object.entries(flat(v as Record<string, unknown>, `${prefix}${k}.`))
        : [[prefix + k, v as number]],
    ),
  )
}

await writeFileAtomic(
  `${options.docs}/method-table.md`,
  `<!-- Written by npm run docs:table from docs/results/. -->

### The paper's numbers

ERA5, 69 channels on 128 x 256 points, 1 % of the columns (328) observed without error. (M): aligned by accuracy, forecast and geostrophic balance; (4): with hydrostatic balance too.

${table(
  ['method', ...heads],
  Object.entries(paper).map(([name, values]) => [name, ...values.map((v, k) => number(v, k))]),
)}

### Ours

A nature run of SPEEDY, 39 channels on 32 x 64 points. 10 to 20 % of our 2048 columns are as many columns as the paper's 1 %.

${ours()}

### What alignment changes

Relative change of errors, above zero where the aligned prior is better.

${gains()}
${
  background.length
    ? `\n### What the errors stand against\n\nMean squared errors, normalised, of the released models on the test period (\`npm run eval:models\`).\n\n${table(
        ['what', 'MSE'],
        background.map(([k, v]) => [k, v.toFixed(5)]),
      )}\n`
    : ''
}`,
)
