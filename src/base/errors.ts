/**
 * Errors a user can cause or meet. Each says what was wrong, where, and what would be right; the command line
 * prints the message alone (no stack) and exits with a non-zero code.
 */
export class AlignDaError extends Error {
  override name = 'AlignDaError'
}

/** Shapes, dtypes or feeds that do not fit a tensor program. */
export class ShapeError extends AlignDaError {
  override name = 'ShapeError'
}

/** A file that is truncated, damaged or of another format. */
export class FormatError extends AlignDaError {
  override name = 'FormatError'
}

/** A configuration or command line that cannot be meant. */
export class ConfigError extends AlignDaError {
  override name = 'ConfigError'
}

/** Data that is readable but not usable: a missing variable, wrong units, NaNs, times out of order. */
export class DataError extends AlignDaError {
  override name = 'DataError'
}

/** The candidates closest to `name` by edit distance, best first, for "did you mean" messages. */
export function nearest(name: string, candidates: Iterable<string>, count = 3): string[] {
  const scored = [...candidates].map((c) => ({ c, d: editDistance(name.toLowerCase(), c.toLowerCase()) }))
  scored.sort((a, b) => a.d - b.d)
  return scored
    .filter(({ c, d }) => d <= Math.max(2, 0.6 * Math.max(name.length, c.length)))
    .slice(0, count)
    .map(({ c }) => c)
}

/** " (did you mean a, b?)", or an empty string when nothing is close. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const close = nearest(name, candidates)
  return close.length ? ` (did you mean ${close.join(', ')}?)` : ''
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length]
}
