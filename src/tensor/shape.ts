import { fileURLToPath } from 'node:url'
import { ShapeError } from '../base/errors.ts'

/** Sizes of the axes, outermost first; `[]` is a scalar. */
export type Shape = readonly number[]

export function sizeOf(shape: Shape): number {
  return shape.reduce((a, b) => a * b, 1)
}

/** Elements to step over for one step along each axis, row-major. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  for (let i = shape.length - 1, s = 1; i >= 0; i--) {
    strides[i] = s
    s *= shape[i]
  }
  return strides
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i])
}

export function show(shape: Shape): string {
  return `[${shape.join(', ')}]`
}

/** The shape of an element-wise operation on `a` and `b`: axes aligned at the end, size 1 stretches. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i) => {
    const m = a[i - rank + a.length] ?? 1
    const n = b[i - rank + b.length] ?? 1
    if (m !== n && m !== 1 && n !== 1)
      throw shapeError(
        op,
        `shapes ${show(a)} and ${show(b)} do not broadcast: axis ${i - rank} is ${m} and ${n}`,
      )
    return m === 1 ? n : m
  })
}

/** `axis` counted from the front; negative axes count from the end. */
export function normaliseAxis(op: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    throw shapeError(op, `axis ${axis} is outside a tensor of rank ${rank} (use ${-rank} .. ${rank - 1})`)
  return axis < 0 ? axis + rank : axis
}

/** Axes counted from the front, sorted, without duplicates; all axes when none are named. */
export function normaliseAxes(
  op: string,
  axes: number | readonly number[] | undefined,
  rank: number,
): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i)
  const list = (typeof axes === 'number' ? [axes] : axes).map((a) => normaliseAxis(op, a, rank))
  if (new Set(list).size !== list.length) throw shapeError(op, `axes ${show(list)} name an axis twice`)
  return list.sort((a, b) => a - b)
}

/** The folders of this room and of nn, whose frames are not the user's. */
const own = ['./', '../nn/'].map((folder) => fileURLToPath(new URL(folder, import.meta.url)))

/**
 * A `ShapeError` that names the operation and the line of the program that asked for it: the first stack frame
 * outside the tensor and nn rooms.
 */
export function shapeError(op: string, message: string): ShapeError {
  // A layer may be many calls deep; ten frames, the usual limit, need not reach the user's file.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 100
  const error = new ShapeError(`${op}: ${message}`)
  Error.stackTraceLimit = stackTraceLimit
  for (const line of (error.stack ?? '').split('\n')) {
    const place = line.match(/^\s+at .*?\(?((?:file:\/\/)?[^()\s]+:\d+:\d+)\)?$/)?.[1]
    if (!place || place.startsWith('node:')) continue
    const path = place.startsWith('file:') ? fileURLToPath(place) : place
    if (own.some((folder) => path.startsWith(folder)) && !/\.test\.[jt]s:/.test(path)) continue
    error.message += ` (at ${path})`
    break
  }
  return error
}
