import fc from 'fast-check'
import { evaluate } from '../evaluate.ts'
import { compile, type DType, type Program, type Runtime, type Tensor } from '../index.ts'
import { convert } from '../ops/source.ts'
import { relativeError, trace } from './derivatives.ts'
import type { Case } from './sample.ts'

export interface Measured {
  readonly name: string
  /** Relative error against the reference evaluator, or what went wrong. */
  readonly error: number | string
  readonly limit: number
}

/** Numbers fed are of order 1: below that an error counts in full, for many derivatives vanish by cancellation. */
const floor = 1

/** The first samples of a case, results and all derivatives, as one program with its feeds and expected values. */
export function programOf(c: Case, dtype: DType, count: number) {
  const outputs: Record<string, Tensor> = {}
  const feeds: Record<string, Float32Array | Float64Array> = {}
  const expected: Record<string, Float64Array> = {}
  for (const [s, sample] of fc.sample(c.samples, { numRuns: count, seed: 7 }).entries()) {
    const t = trace(sample, dtype, `s${s}.`)
    const groups = { result: t.results, gradient: t.gradient, tangent: t.tangents, curvature: t.curvature }
    const all = Object.entries(groups).flatMap(([kind, ts]) =>
      ts.map((y, i) => [`s${s}.${kind}${i}`, y] as const),
    )
    const values = evaluate(
      all.map(([, y]) => y),
      t.feeds,
    )
    for (const [i, [name, y]] of all.entries()) {
      outputs[name] = y
      expected[name] = values[i].data
    }
    for (const [x, { data }] of t.feeds)
      feeds[x.node.attrs.name as string] = convert(data, dtype) as Float32Array
  }
  const program = compile(outputs, { name: c.name })
  return { program, feeds: only(program, feeds), expected }
}

/** Largest relative error of `got` over all outputs. */
export function worst(
  got: Readonly<Record<string, ArrayLike<number>>>,
  expected: Readonly<Record<string, Float64Array>>,
): number {
  let error = 0
  for (const [name, values] of Object.entries(expected)) {
    const own = relativeError([got[name]], [values], floor)
    // Not a number counts as worse than any.
    if (!(own <= error)) error = own
  }
  return error
}

/**
 * Compares a case on the runtime's device with the reference evaluator. Usual limits: 1e-5 in float32 on the CPU,
 * 1e-4 on a GPU, 1e-12 in float64.
 */
export async function measure(
  runtime: Runtime,
  c: Case,
  dtype: 'float32' | 'float64',
  count = 4,
): Promise<Measured> {
  const usual = dtype === 'float64' ? 1e-12 : runtime.device === 'cpu' ? 1e-5 : 1e-4
  const limit = (dtype === 'float32' && runtime.device === 'webgpu' ? c.webgpu : c[dtype]) ?? usual
  try {
    const { program, feeds, expected } = programOf(c, dtype, count)
    const out = await runtime.evaluate(program, feeds)
    const got = Object.fromEntries(Object.entries(out).map(([k, t]) => [k, t.data as Float32Array]))
    return { name: c.name, error: worst(got, expected), limit }
  } catch (e) {
    return { name: c.name, error: (e as Error).message, limit }
  }
}

/** What of `feeds` the program knows: an input of which only derivatives remain may be gone altogether. */
function only<T>(program: Program, feeds: Readonly<Record<string, T>>): Record<string, T> {
  const known = new Set([...program.inputs, ...program.unused].map((i) => i.name))
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => known.has(name)))
}
