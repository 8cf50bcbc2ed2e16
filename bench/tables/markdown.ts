/** A table whose first column is text and whose others are numbers, set to the right. */
export const table = (names: readonly string[], rows: readonly (readonly string[])[]) =>
  [
    `| ${names.join(' | ')} |`,
    `|${names.map((_, i) => (i ? '---:' : '---')).join('|')}|`,
    ...rows.map((r) => `| ${r.join(' | ')} |`),
  ].join('\n')

/** What is long and rarely wanted, folded away. */
export const details = (summary: string, text: string) =>
  `<details>\n<summary>${summary}</summary>\n\n${text}\n\n</details>`

/** A number with that many places and no negative zero; a dash for what is not to be had. */
export function fixed(value: unknown, places: number): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) return '–'
  const text = value.toFixed(places)
  return Number(text) === 0 ? (0).toFixed(places) : text.replace('-', '−')
}

/** A share of one in percent, without the sign. */
export const percent = (value: unknown) => fixed(typeof value === 'number' ? 100 * value : value, 1)

export type Density = number | string

/** The head of a column of results. */
export const densityName = (d: Density) =>
  typeof d === 'number' ? (d === 0 ? 'none' : `${100 * d} %`) : `${d}s`
