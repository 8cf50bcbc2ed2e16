import fc from 'fast-check'
import { stream } from '../../random/stream.ts'
import type { Tensor } from '../graph.ts'
import { type Shape, sizeOf } from '../shape.ts'

/**
 * What the numbers fed to an input look like: `normal` for smooth functions, `positive` where a function has a pole
 * or ends at 0, `distinct` where it has a kink: no two numbers, also of different inputs, are closer than 0.01, nor
 * is one to a whole multiple of 1/16.
 */
export type Range = 'normal' | 'positive' | 'distinct'

export interface Slot {
  readonly shape: Shape
  readonly range: Range
}

/** One application of an operation to inputs of chosen shapes. */
export interface Sample {
  /** The choices made, for the message of a failing test. */
  readonly label: string
  readonly slots: readonly Slot[]
  readonly seed: number
  build(inputs: readonly Tensor[]): Tensor | readonly Tensor[]
}

/** An operation over all the shapes, axes and options it takes. */
export interface Case {
  readonly name: string
  readonly samples: fc.Arbitrary<Sample>
  /** Largest relative error accepted in float32, where more than the usual is lost by the mathematics. */
  readonly float32?: number
  /** As above on WebGPU, for functions whose accuracy its shading language leaves open. */
  readonly webgpu?: number
  /** As above in float64, for what passes through float32 on purpose. */
  readonly float64?: number
}

/** A case whose samples are made from the drawn options `o`. */
export function define<O>(
  name: string,
  options: fc.Arbitrary<O>,
  slots: (o: O) => readonly (Slot | Shape)[],
  build: (inputs: readonly Tensor[], o: O) => Tensor | readonly Tensor[],
  accuracy: Pick<Case, 'float32' | 'float64' | 'webgpu'> = {},
): Case {
  const samples = fc.tuple(options, fc.nat(1 << 20)).map(([o, seed]) => {
    const wanted = slots(o).map((s): Slot => ('range' in s ? s : { shape: s, range: 'normal' }))
    const label = `${JSON.stringify(o)} ${wanted.map((s) => `[${s.shape}]`).join(' ')}`
    return { label, slots: wanted, seed, build: (inputs: readonly Tensor[]) => build(inputs, o) }
  })
  return { name, samples, ...accuracy }
}

export const distinct = (shape: Shape): Slot => ({ shape, range: 'distinct' })
export const positive = (shape: Shape): Slot => ({ shape, range: 'positive' })

/** The numbers of the `k`-th slot, exact in float32. */
export function valuesOf(sample: Sample, k: number): Float64Array {
  const { shape, range } = sample.slots[k]
  const n = sizeOf(shape)
  const from = stream(sample.seed, 'values', k)
  if (range === 'distinct') {
    if (n > 64) throw new Error(`no ${n} distinct values`)
    const order = from.permutation(64)
    return Float64Array.from({ length: n }, (_, i) => (order[i] - 32 + 0.22 + 0.2 * k) / 16).map(Math.fround)
  }
  const [low, high] = range === 'positive' ? [0.4, 2] : [-1.5, 1.5]
  return from.uniform(new Float64Array(n)).map((u) => Math.fround(low + (high - low) * u))
}

/** Standard normal numbers, exact in float32, belonging to the sample. */
export function noiseOf(sample: Sample, name: string, length: number): Float64Array {
  return stream(sample.seed, name).normal(new Float64Array(length)).map(Math.fround)
}

// --- arbitraries ----------------------------------------------------------------------------------------------

export const size = (max = 4) => fc.integer({ min: 1, max })

/** A shape of up to four axes and at most 48 elements. */
export const shapeOf = (minRank = 0, maxRank = 4) =>
  fc.array(size(), { minLength: minRank, maxLength: maxRank }).filter((s) => sizeOf(s) <= 48)

/** A shape with some of its axes, written from the front or the back. */
export const shapeAndAxes = shapeOf(1).chain((shape) =>
  fc.record({
    shape: fc.constant(shape),
    axes: fc
      .subarray([...shape.keys()])
      .chain((axes) => fc.tuple(...axes.map((a) => fc.constantFrom(a, a - shape.length)))),
  }),
)

export const shapeAndAxis = shapeOf(1).chain((shape) =>
  fc.record({
    shape: fc.constant(shape),
    axis: fc.integer({ min: -shape.length, max: shape.length - 1 }),
  }),
)

/** `count` shapes that broadcast together. */
export const broadcasting = (count: number) =>
  shapeOf().chain((full) =>
    fc.tuple(
      ...Array.from({ length: count }, () =>
        fc
          .tuple(fc.nat(full.length), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))
          .map(([dropped, ones]) => full.slice(dropped).map((n, i) => (ones[i] ? 1 : n))),
      ),
    ),
  )
