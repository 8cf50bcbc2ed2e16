import { createHash } from 'node:crypto'
import type { Weights } from './weights.ts'

/** SHA-256 of the names, shapes and values of weights, in the order of their names: the same weights, the same text. */
export function fingerprint(weights: Weights): string {
  const hash = createHash('sha256')
  for (const name of [...weights.keys()].sort()) {
    const { dtype, shape, data } = weights.get(name) as NonNullable<ReturnType<Weights['get']>>
    hash.update(`${name} ${dtype} [${shape.join()}]\n`)
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  return hash.digest('hex')
}
