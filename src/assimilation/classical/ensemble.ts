import { ShapeError } from '../../base/errors.ts'
import { timesInto, transposedTimes } from './linalg.ts'

/** `members` vectors of `size` numbers, one after another: data [members, size]. */
export interface Ensemble {
  readonly members: number
  readonly size: number
  readonly data: Float64Array
}

/** An ensemble over `data` [members, size] (not copied; zeros by default). Throws ShapeError. */
export function ensemble(members: number, size: number, data = new Float64Array(members * size)): Ensemble {
  if (data.length !== members * size)
    throw new ShapeError(
      `an ensemble of ${members} members of ${size} needs ${members * size} numbers, not ${data.length}`,
    )
  return { members, size, data }
}

/** An ensemble of copies of vectors of equal length. Throws ShapeError. */
export function fromMembers(vectors: readonly Float64Array[]): Ensemble {
  const size = vectors[0]?.length ?? 0
  const e = ensemble(vectors.length, size)
  vectors.forEach((v, i) => {
    if (v.length !== size)
      throw new ShapeError(`member ${i} has ${v.length} elements where member 0 has ${size}`)
    e.data.set(v, i * size)
  })
  return e
}

/** Member i, [size], as a view. */
export function member(e: Ensemble, i: number): Float64Array {
  return e.data.subarray(i * e.size, (i + 1) * e.size)
}

/** `f` of every member: for example an observation operator, or a step of a model. */
export function mapMembers(e: Ensemble, f: (x: Float64Array) => Float64Array): Ensemble {
  return fromMembers(Array.from({ length: e.members }, (_, i) => f(member(e, i))))
}

/** The ensemble mean, [size]. */
export function mean(e: Ensemble): Float64Array {
  const m = new Float64Array(e.size)
  for (let i = 0; i < e.members; i++) for (let j = 0, p = i * e.size; j < e.size; j++) m[j] += e.data[p++]
  for (let j = 0; j < e.size; j++) m[j] /= e.members
  return m
}

/** The mean [size] and the anomalies X [members, size], whose columns sum to zero. */
export function centre(e: Ensemble): { mean: Float64Array; X: Float64Array } {
  const m = mean(e)
  const X = new Float64Array(e.data.length)
  for (let i = 0; i < e.members; i++)
    for (let j = 0, p = i * e.size; j < e.size; j++, p++) X[p] = e.data[p] - m[j]
  return { mean: m, X }
}

/** mean + W X: member i is the mean plus the anomalies X [members, size] weighted by row i of W. */
export function combine(mean: Float64Array, W: Float64Array, X: Float64Array, members: number): Ensemble {
  const size = mean.length
  const e = ensemble(members, size)
  for (let i = 0; i < members; i++) e.data.set(mean, i * size)
  timesInto(e.data, W, X, members, X.length / Math.max(size, 1), size)
  return e
}

/** The sample covariance XᵀX / (members - 1), [size, size]: for small states. */
export function covariance(e: Ensemble): Float64Array {
  const { X } = centre(e)
  return transposedTimes(X, X, e.size, e.size, e.members).map((c) => c / (e.members - 1))
}

/** The standard deviation of every element (divided by members - 1), [size]. */
export function spread(e: Ensemble): Float64Array {
  const { X } = centre(e)
  const s = new Float64Array(e.size)
  for (let p = 0; p < X.length; p++) s[p % e.size] += X[p] ** 2
  return s.map((v) => Math.sqrt(v / (e.members - 1)))
}
