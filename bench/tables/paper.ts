import { fixed, table } from './markdown.ts'

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
  '3D-Var': [0.0581, Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 0.0952, Number.NaN],
} as const
// biome-ignore format: a table
const heads = ['MSE', 'MAE', 'u10 (m/s)', 'v500 (m/s)', 'z500 (m²/s²)', 't850 (K)', '48-h MSE', '48-h z500 (m²/s²)']
const places = [4, 4, 3, 3, 1, 3, 4, 1]

/** Tables 1 and 2 of arXiv 2505.22008: errors of single members. */
export const paperErrors = () =>
  table(
    ['method', ...heads],
    Object.entries(paper).map(([name, values]) => [name, ...values.map((v, k) => fixed(v, places[k]))]),
  )

/** By how much its aligned priors are better than its reference, in percent. */
export function paperGains(): string {
  const rows = (['no observations', 'Repaint', 'DPS'] as const).flatMap((name) =>
    (['M', '4'] as const).map((rule) => {
      const [b, n] = [paper[name], paper[`${name}, aligned (${rule})`]]
      return [`${name}, ${rule}`, ...[0, 4, 6].map((k) => fixed((100 * (b[k] - n[k])) / b[k], 1))]
    }),
  )
  return table(['the paper, 1 % of the columns', 'MSE', 'z500', '48-h MSE'], rows)
}
