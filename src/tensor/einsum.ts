import type { Tensor } from './graph.ts'
import { combine } from './ops/elementwise.ts'
import { reshape, transpose } from './ops/layout.ts'
import { matmul } from './ops/matmul.ts'
import { reduce } from './ops/reduce.ts'
import { shapeError, show, sizeOf } from './shape.ts'

/**
 * Einstein summation of one or two tensors, `einsum('bij,bjk->bik', a, b)`: axes with one letter are multiplied
 * together, letters missing on the right are summed. It becomes transposes and one batched matrix product.
 */
export function einsum(spec: string, ...operands: readonly Tensor[]): Tensor {
  const parsed = /^([a-zA-Z]*(?:,[a-zA-Z]*)?)->([a-zA-Z]*)$/.exec(spec.replaceAll(' ', ''))
  const terms = parsed?.[1].split(',') ?? []
  if (!parsed || terms.length !== operands.length || operands.length > 2)
    throw shapeError('einsum', `'${spec}' with ${operands.length} tensors; write e.g. 'ij,jk->ik'`)
  const out = parsed[2]
  const sizes = new Map<string, number>()
  operands.forEach((t, k) => {
    if (t.rank !== terms[k].length || new Set(terms[k]).size !== t.rank)
      throw shapeError('einsum', `'${terms[k]}' does not name the axes of ${show(t.shape)} once each`)
    for (const [i, letter] of [...terms[k]].entries()) {
      const before = sizes.get(letter)
      if (before !== undefined && before !== t.shape[i])
        throw shapeError('einsum', `'${letter}' is ${before} and ${t.shape[i]} in '${spec}'`)
      sizes.set(letter, t.shape[i])
    }
  })
  for (const letter of out)
    if (!sizes.has(letter)) throw shapeError('einsum', `'${letter}' is only in the result`)
  const size = (letters: string) => sizeOf([...letters].map((l) => sizes.get(l) as number))
  const arrange = (t: Tensor, from: string, to: string) =>
    transpose(
      t,
      [...to].map((l) => from.indexOf(l)),
    )
  // Letters of one operand alone that the result lacks are summed first.
  const trim = (t: Tensor, term: string, others: string): [Tensor, string] => {
    const gone = [...term].filter((l) => !others.includes(l) && !out.includes(l))
    const axes = gone.map((l) => term.indexOf(l))
    return [axes.length ? reduce('sum', t, axes) : t, [...term].filter((l) => !gone.includes(l)).join('')]
  }
  if (operands.length === 1) {
    const [x, term] = trim(operands[0], terms[0], '')
    return arrange(x, term, out)
  }
  const [a, ta] = trim(operands[0], terms[0], terms[1])
  const [b, tb] = trim(operands[1], terms[1], terms[0])
  const batch = [...ta].filter((l) => tb.includes(l) && out.includes(l)).join('')
  const inner = [...ta].filter((l) => tb.includes(l) && !out.includes(l)).join('')
  const left = [...ta].filter((l) => !tb.includes(l)).join('')
  const right = [...tb].filter((l) => !ta.includes(l)).join('')
  if (!inner && !left && !right) return arrange(combine('mul', a, arrange(b, tb, ta)), ta, out)
  const A = reshape(arrange(a, ta, batch + left + inner), [size(batch), size(left), size(inner)])
  const B = reshape(arrange(b, tb, batch + inner + right), [size(batch), size(inner), size(right)])
  const product = batch ? matmul(A, B) : matmul(reshape(A, A.shape.slice(1)), reshape(B, B.shape.slice(1)))
  const letters = batch + left + right
  return arrange(
    reshape(
      product,
      [...letters].map((l) => sizes.get(l) as number),
    ),
    letters,
    out,
  )
}
