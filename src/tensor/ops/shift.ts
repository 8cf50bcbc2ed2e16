import type { Tensor } from '../graph.ts'
import { normaliseAxis } from '../shape.ts'
import { applyComposite, composite } from './composite.ts'
import { concat, type Range, slice } from './layout.ts'
import { zeros } from './source.ts'

const along = (x: Tensor, axis: number, range: Range) =>
  slice(x, ...x.shape.map((_, i) => (i === axis ? range : null)))

/** x turned by `shift` positions along `axis`, what leaves at the end coming back at the front. */
export const rollPrimitive = composite('roll', ([x], attrs) => {
  const axis = attrs.axis as number
  const cut = x.shape[axis] - (attrs.shift as number)
  return [concat([along(x, axis, [cut, null]), along(x, axis, [0, cut])], axis)]
})

/** x moved by `shift` positions along `axis`; what leaves is lost, zeros come in. */
export const shiftPrimitive = composite('shift', ([x], attrs) => {
  const axis = attrs.axis as number
  const shift = attrs.shift as number
  const n = Math.abs(shift)
  const gap = zeros(
    x.shape.map((m, i) => (i === axis ? n : m)),
    x.dtype,
  )
  return [
    shift > 0 ? concat([gap, along(x, axis, [0, -n])], axis) : concat([along(x, axis, [n, null]), gap], axis),
  ]
})

/** x turned by `shift` positions along `axis`, as a field is along a circle of latitude. */
export function roll(x: Tensor, shift: number, axis: number): Tensor {
  const k = normaliseAxis('roll', axis, x.rank)
  const n = x.shape[k]
  const turn = ((shift % n) + n) % n
  return turn === 0 ? x : applyComposite(rollPrimitive, [x], [x], { shift: turn, axis: k })[0]
}

/** x moved by `shift` positions along `axis`, with zeros moving in: the neighbour's value, none beyond the edge. */
export function shift(x: Tensor, by: number, axis: number): Tensor {
  const k = normaliseAxis('shift', axis, x.rank)
  if (by === 0) return x
  if (Math.abs(by) >= x.shape[k]) return zeros(x.shape, x.dtype)
  return applyComposite(shiftPrimitive, [x], [x], { shift: by, axis: k })[0]
}
