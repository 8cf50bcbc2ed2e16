import { readFile } from 'node:fs/promises'
import { DataError } from '../../base/errors.ts'
import { fieldsOf, numberOf } from './lines.ts'

/**
 * One line of NCEP's global_convinfo: whether and how the analysis uses an observation type. Limits in SI units
 * of the type: t K, q relative humidity 0..1, uv m s-1, ps Pa, others as in the file.
 */
export interface ConventionalInfo {
  /** ps, t, q, uv, pw, sst, gps, tcp, ... */
  readonly variable: string
  /** Report type (120, 220, ...) and sub-type; 0 for all. */
  readonly type: number
  readonly subtype: number
  readonly usage: 'use' | 'no' | 'monitor' | 'skip'
  /** Hours before and after the analysis time. */
  readonly timeWindow: number
  /** An observation farther than `gross` errors from the background is refused... */
  readonly gross: number
  /** ... the error being first brought between these. */
  readonly largestError: number
  readonly smallestError: number
  /** Parameters b and pg of the variational quality control. */
  readonly varB: number
  readonly varPg: number
  /** Thinning: 0 none; mesh in km. */
  readonly thinning: number
  readonly mesh: number
}

const usage = new Map<number, ConventionalInfo['usage']>([
  [0, 'no'],
  [-1, 'monitor'],
])
/** From the file's units to SI, by variable. */
const unit: Readonly<Record<string, number>> = { ps: 100, tcp: 100, q: 0.01 }

/** Reads the text of the file; lines that begin with ! are comments. Throws DataError naming the line. */
export function parseConvinfo(text: string, name = 'convinfo'): ConventionalInfo[] {
  const out: ConventionalInfo[] = []
  text.split(/\r?\n/).forEach((line, i) => {
    if (line.trim() === '' || line.startsWith('!')) return
    const where = `${name}, line ${i + 1}`
    const f = fieldsOf(line)
    if (f.length < 15) throw new DataError(`${where}: ${f.length} columns where at least 15 are needed`)
    const n = (k: number) => numberOf(f[k], where)
    const scale = unit[f[0]] ?? 1
    out.push({
      variable: f[0],
      type: n(1),
      subtype: n(2),
      usage: n(3) > 0 ? 'use' : (usage.get(n(3)) ?? 'skip'),
      timeWindow: n(4),
      gross: n(8),
      largestError: n(9) * scale,
      smallestError: n(10) * scale,
      varB: n(11),
      varPg: n(12),
      thinning: n(13),
      mesh: n(14),
    })
  })
  if (out.length === 0) throw new DataError(`${name}: no observation type in it`)
  return out
}

export async function readConvinfo(path: string): Promise<ConventionalInfo[]> {
  return parseConvinfo(await readFile(path, 'latin1'), path)
}
