/**
 * Enough of the WebAssembly binary format (core specification 2.0, sections 5.4 and 5.5) to write a kernel in
 * TypeScript: instructions are lists of bytes that nest as the text format's do.
 */
export type Code = readonly number[]

export function unsigned(value: number): Code {
  const bytes: number[] = []
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128)
  return [...bytes, value]
}

function signed(value: number): Code {
  const bytes: number[] = []
  for (; value < -64 || value > 63; value >>= 7) bytes.push((value & 127) | 128)
  return [...bytes, value & 127]
}

export const get = (local: number): Code => [0x20, ...unsigned(local)]
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)]

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: (a: Code, b: Code): Code => [...a, ...b, 0x6a],
  lessOrEqual: (a: Code, b: Code): Code => [...a, ...b, 0x4d],
}

const simd = (opcode: number): Code => [0xfd, ...unsigned(opcode)]

/** 128-bit vectors. Memory is read and written without alignment. */
export const v128 = {
  load: (address: Code): Code => [...address, ...simd(0x00), 0, 0],
  store: (address: Code, offset: number, value: Code): Code => [
    ...address,
    ...value,
    ...simd(0x0b),
    0,
    ...unsigned(offset),
  ],
  /** Sixteen times the same byte. */
  splat: (byte: number): Code => [...simd(0x0c), ...new Array<number>(16).fill(byte)],
  /** Lanes 0-15 are the bytes of `a`, 16-31 those of `b`. */
  shuffle: (a: Code, b: Code, lanes: readonly number[]): Code => [...a, ...b, ...simd(0x0d), ...lanes],
  and: (a: Code, b: Code): Code => [...a, ...b, ...simd(0x4e)],
  xor: (a: Code, b: Code): Code => [...a, ...b, ...simd(0x51)],
  /** Of both 64-bit halves. */
  shiftLeft: (a: Code, bits: number): Code => [...a, ...i32.const(bits), ...simd(0xcb)],
  shiftRight: (a: Code, bits: number): Code => [...a, ...i32.const(bits), ...simd(0xcd)],
}

/** `body`, again as long as `condition` (an i32) holds; tested first. */
export const whileLoop = (condition: Code, body: Code): Code => [
  ...[0x02, 0x40, 0x03, 0x40], // block, loop, neither with a result
  ...condition,
  ...[0x45, 0x0d, 1], // i32.eqz, br_if out of the block
  ...body,
  ...[0x0c, 0, 0x0b, 0x0b], // br to the loop's start, end, end
]

/** A function of i32 parameters without a result; `vectors` v128 locals follow the parameters. */
export interface WasmFunction {
  readonly parameters: number
  readonly vectors: number
  readonly body: Code
}

/** A module that imports `env.memory` and exports `functions`. */
export function assemble(functions: Readonly<Record<string, WasmFunction>>): Uint8Array<ArrayBuffer> {
  const all = Object.entries(functions)
  const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content]
  const vector = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()]
  const name = (text: string): Code => vector([...text].map((c) => [c.charCodeAt(0)]))
  const code = ({ vectors, body }: WasmFunction): Code => {
    const whole = [...vector([[...unsigned(vectors), 0x7b]]), ...body, 0x0b]
    return [...unsigned(whole.length), ...whole]
  }
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(all.map(([, f]) => [0x60, ...vector(new Array(f.parameters).fill([0x7f])), 0]))),
    ...section(2, vector([[...name('env'), ...name('memory'), 0x02, 0, 1]])),
    ...section(3, vector(all.map((_, index) => unsigned(index)))),
    ...section(7, vector(all.map(([key], index) => [...name(key), 0, ...unsigned(index)]))),
    ...section(10, vector(all.map(([, f]) => code(f)))),
  ])
}

/** A memory of a WebAssembly module; `buffer` is another one after it grew. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
}

/** TypeScript has the types of this global only together with those of a browser's page. */
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
    imports: { env: { memory: WasmMemory } },
  ) => { readonly exports: Readonly<Record<string, unknown>> }
}
const engine = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly

/** Compiles an assembled module; the function returned makes an instance over a memory and gives its exports. */
export function compile(bytes: Uint8Array): (memory: WasmMemory) => Readonly<Record<string, unknown>> {
  const module = new engine.Module(bytes)
  return (memory) => new engine.Instance(module, { env: { memory } }).exports
}
