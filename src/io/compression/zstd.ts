import { ZSTDDecoder } from 'zstddec'
import { FormatError } from '../../base/errors.ts'
import type { WasmMemory } from './wasm.ts'

/** The functions of zstd's decoder in WebAssembly, and its memory. */
export interface ZstdInstance {
  readonly memory: WasmMemory
  readonly malloc: (bytes: number) => number
  readonly free: (address: number) => void
  /** Bytes written, or a negative error. */
  readonly ZSTD_decompress: (to: number, capacity: number, from: number, bytes: number) => number
}

/** The decoder, once `startZstd` is through. */
export let zstd: ZstdInstance

/** zstddec's own `decode` copies its result and does not look at errors, so its WebAssembly is used directly. */
class Decoder extends ZSTDDecoder {
  override _init(result: { readonly instance: { readonly exports: unknown } }) {
    super._init(result)
    zstd = result.instance.exports as ZstdInstance
  }
}

let started: Promise<void> | undefined

/** Compiles the decoder, at the first call. */
export function startZstd(): Promise<void> {
  started ??= new Decoder().init()
  return started
}

/** The most bytes that are decoded in one piece. */
export const largestPiece = 2 ** 28

let arena = { address: 0, bytes: 0 }

/** `bytes` of the decoder's memory, the same place every time: what was there before is lost. */
export function workspace(bytes: number): number {
  if (bytes <= arena.bytes) return arena.address
  zstd.free(arena.address)
  arena = { address: 0, bytes: 0 }
  const address = zstd.malloc(bytes)
  if (address <= 0) throw new FormatError(`${bytes} bytes do not fit into the decoder's memory`)
  arena = { address, bytes }
  return address
}

/** Decodes a frame of at most `largestPiece` bytes into `out`, which it must fill. */
export function zstdInto(data: Uint8Array, out: Uint8Array): void {
  const from = workspace(data.length + out.length)
  const to = from + data.length
  new Uint8Array(zstd.memory.buffer).set(data, from)
  zstdWithin(to, out.length, from, data.length)
  out.set(new Uint8Array(zstd.memory.buffer, to, out.length))
}

/**
 * Decodes within the decoder's memory.
 * @throws FormatError for damaged bytes and for a frame of another size.
 */
export function zstdWithin(to: number, size: number, from: number, bytes: number): void {
  const written = zstd.ZSTD_decompress(to, size, from, bytes)
  if (written < 0) throw new FormatError(`its zstd frame is damaged (error ${written})`)
  if (written !== size) throw new FormatError(`its zstd frame holds ${written} bytes instead of ${size}`)
}
