import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FormatError } from '../base/errors.ts'
import { fromFloat16, toBfloat16, toFloat16 } from '../base/float16.ts'
import { float32Values, openSafetensors, readSafetensors, writeSafetensors } from './safetensors.ts'
import type { StoredTensor } from './safetensors-format.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'align-da-'))
})
afterAll(() => rm(folder, { recursive: true }))

const values = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i) * 3 ** (i - 6))
const sample: [string, StoredTensor][] = [
  ['mask', { dtype: 'BOOL', shape: [5], data: Uint8Array.of(1, 0, 0, 1, 1) }],
  ['layer.10.weight', { dtype: 'F32', shape: [3, 4], data: values }],
  ['10', { dtype: 'F64', shape: [2], data: Float64Array.of(Math.PI, -0) }],
  ['9', { dtype: 'I32', shape: [1, 3], data: Int32Array.of(-(2 ** 31), 0, 7) }],
  ['step', { dtype: 'I64', shape: [], data: BigInt64Array.of(-(2n ** 60n) + 1n) }],
  ['bytes', { dtype: 'U8', shape: [3], data: Uint8Array.of(0, 127, 255) }],
  ['half', { dtype: 'F16', shape: [12], data: toFloat16(values) }],
  ['brain é', { dtype: 'BF16', shape: [12], data: toBfloat16(values) }],
  ['empty', { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) }],
  ['__proto__', { dtype: 'U8', shape: [1], data: Uint8Array.of(9) }],
]
const metadata = { format: 'align-da', note: 'a "quoted" text' }

/** A file of a header written by hand and some bytes of data. */
async function handmade(header: unknown, dataLength: number): Promise<string> {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  const path = join(folder, 'handmade.safetensors')
  await writeFile(path, Buffer.concat([length, json, Buffer.alloc(dataLength)]))
  return path
}

describe('safetensors', () => {
  it('come back as they were written, one by one or all', async () => {
    const path = join(folder, 'a.safetensors')
    await writeSafetensors(path, sample, metadata)
    const all = await readSafetensors(path)
    expect(all.metadata).toEqual(metadata)
    expect([...all.tensors].sort()).toEqual([...sample].sort())
    const file = await openSafetensors(path)
    for (const [name, tensor] of sample) expect(await file.read(name)).toEqual(tensor)
    await expect(file.read('weight')).rejects.toThrow(`${path}: no tensor weight; there are`)
    await file.close()
    expect(await readdir(folder)).toEqual(['a.safetensors'])
    expect(float32Values('half', all.tensors.get('half')!)).toEqual(fromFloat16(toFloat16(values)))
    expect(() => float32Values('step', all.tensors.get('step')!)).toThrow('tensor step is I64')
  })

  it('are the same bytes in whatever order they are given, sorted and aligned', async () => {
    const [a, b] = [join(folder, 'a.safetensors'), join(folder, 'b.safetensors')]
    await writeSafetensors(a, sample, metadata)
    await writeSafetensors(b, [...sample].reverse(), { note: metadata.note, format: metadata.format })
    const bytes = await readFile(a)
    expect(bytes.equals(await readFile(b))).toBe(true)
    const length = Number(bytes.readBigUInt64LE())
    expect(length % 8).toBe(0)
    const header = bytes.toString('utf8', 8, 8 + length)
    const keys = ['__metadata__', ...sample.map(([name]) => name).sort()]
    const places = keys.map((key) => header.indexOf(`${JSON.stringify(key)}:{`))
    expect(places).toEqual([...places].sort((x, y) => x - y))
    expect(places[0]).toBe(1)
    const file = await openSafetensors(a)
    for (const [name, { data }] of sample)
      expect(file.tensors.get(name)!.begin % data.BYTES_PER_ELEMENT).toBe(0)
    await file.close()
  })

  it('are refused for writing when data, shape and name do not fit', async () => {
    const path = join(folder, 'never.safetensors')
    const f32 = { dtype: 'F32', shape: [2, 2], data: new Float32Array(4) } as const
    const write = (...tensors: [string, StoredTensor][]) => writeSafetensors(path, tensors)
    await expect(write(['w', { ...f32, shape: [2, 3] }])).rejects.toThrow('needs 6 elements, the data has 4')
    await expect(write(['w', { ...f32, dtype: 'F64' }])).rejects.toThrow('F64 is stored from a Float64Array')
    await expect(write(['w', f32], ['w', f32])).rejects.toThrow('given twice')
    await expect(write(['__metadata__', f32])).rejects.toThrow('reserved')
    expect(await readdir(folder)).not.toContain('never.safetensors')
  })
})

describe('a damaged file is refused by its name and what was expected', () => {
  const entry = { dtype: 'F32', shape: [2], data_offsets: [0, 8] }
  it.each<[string, unknown, number, string]>([
    ['no JSON', '{"w": ', 0, 'the header is not JSON'],
    ['a list', [], 0, 'not a JSON object'],
    ['metadata of numbers', { __metadata__: { step: 1 } }, 0, '__metadata__ is not an object of texts'],
    ['an unknown dtype', { w: { ...entry, dtype: 'F8' } }, 8, 'dtype "F8" is not among F64, F32'],
    ['an inherited dtype', { w: { ...entry, dtype: 'toString' } }, 8, 'is not among'],
    ['a negative size', { w: { ...entry, shape: [-2] } }, 8, 'shape [-2] is not a list of sizes'],
    ['sizes beyond count', { w: { ...entry, shape: [2 ** 50, 2 ** 50] } }, 8, 'data_offsets give 8'],
    [
      'another size',
      { w: { ...entry, shape: [3] } },
      8,
      'F32 of shape [3] takes 12 bytes, data_offsets give 8',
    ],
    ['offsets backwards', { w: { ...entry, data_offsets: [8, 0] } }, 8, 'are not [begin, end]'],
    ['an unknown key', { w: { ...entry, strides: [1] } }, 8, 'unknown keys strides'],
    ['a gap', { w: { ...entry, data_offsets: [4, 12] } }, 12, 'begins at byte 4 of the data instead of 0'],
    ['an overlap', { v: entry, w: { ...entry, data_offsets: [4, 12] } }, 12, 'begins at byte 4 of the data'],
    ['too little data', { w: entry }, 7, 'describes 8 bytes of data, the file has 7: truncated'],
    ['too much data', { w: entry }, 9, 'describes 8 bytes of data, the file has 9'],
  ])('%s', async (_, header, dataLength, message) => {
    const path = await handmade(header, dataLength)
    const error = await openSafetensors(path).catch((e: Error) => e)
    expect(error).toBeInstanceOf(FormatError)
    expect((error as Error).message).toContain(`${path}: `)
    expect((error as Error).message).toContain(message)
  })

  it('too short, too long a header, cut after opening, a BOOL of 2', async () => {
    const path = join(folder, 'c.safetensors')
    await writeFile(path, 'short')
    await expect(openSafetensors(path)).rejects.toThrow('5 bytes long')
    await writeFile(path, Buffer.alloc(16, 0xff))
    await expect(openSafetensors(path)).rejects.toThrow('but at most 8 is possible')
    await writeSafetensors(path, sample)
    const file = await openSafetensors(path)
    await truncate(path, (await stat(path)).size - 1)
    await expect(file.read('mask')).rejects.toThrow('truncated')
    await file.close()
    const bool = await handmade({ b: { dtype: 'BOOL', shape: [1], data_offsets: [0, 1] } }, 0)
    await writeFile(bool, Buffer.concat([await readFile(bool), Buffer.of(2)]))
    await expect(readSafetensors(bool)).rejects.toThrow('a BOOL is 0 or 1, not 2')
  })

  it('whatever the damage, only FormatError is thrown', async () => {
    const path = join(folder, 'fuzz.safetensors')
    await writeSafetensors(path, sample, metadata)
    const good = await readFile(path)
    const length = 8 + Number(good.readBigUInt64LE())
    let refused = 0
    await fc.assert(
      fc.asyncProperty(
        // Bytes of the header set to anything (mostly to what JSON is made of), then perhaps a cut.
        fc.array(
          fc.tuple(
            fc.nat(length - 1),
            fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('0123456789-{}[]",:.e'))),
          ),
          { minLength: 1, maxLength: 4 },
        ),
        fc.option(fc.nat(good.length), { freq: 4 }),
        async (edits, cut) => {
          const bytes = Buffer.from(good)
          for (const [at, byte] of edits) bytes[at] = byte
          await writeFile(path, cut === null ? bytes : bytes.subarray(0, cut))
          const error = await readSafetensors(path).catch((e: unknown) => e)
          if (error instanceof Error) {
            expect(error).toBeInstanceOf(FormatError)
            expect(error.message.startsWith(`${path}: `)).toBe(true)
            refused++
          }
        },
      ),
      { numRuns: 500, seed: 3 },
    )
    expect(refused).toBeGreaterThan(250)
  })
})

const python = '/usr/bin/python3'
const numpy = spawnSync(python, ['-c', 'import numpy']).status === 0

describe.skipIf(!numpy)(`as read by numpy${numpy ? '' : ` (skipped: no ${python} with numpy)`}`, () => {
  // Written from the format's description alone.
  const reader = `
import json, struct, sys, numpy as np
raw = open(sys.argv[1], 'rb').read()
n = struct.unpack('<Q', raw[:8])[0]
kinds = dict(F64='<f8', F32='<f4', F16='<f2', BF16='<u2', I64='<i8', I32='<i4', U8='u1', BOOL='?')
head, out = json.loads(raw[8:8 + n]), {}
meta = head.pop('__metadata__')
for name, t in head.items():
    a = np.frombuffer(raw[8 + n:][slice(*t['data_offsets'])], kinds[t['dtype']]).reshape(t['shape'])
    if t['dtype'] == 'BF16': a = (a.astype('<u4') << 16).view('<f4')
    if name == 'all': print(json.dumps(a.astype('<f4').view('<u4').tolist())); continue
    if name == 'x': print(json.dumps(a.astype('<f2').view('<u2').tolist())); continue
    out[name] = [list(a.shape), [str(v) if a.dtype == '<i8' else v for v in a.ravel().tolist()]]
print(json.dumps([meta, out]))`
  const run = (path: string) => {
    const { stdout, stderr } = spawnSync(python, ['-c', reader, path], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    })
    expect(stderr).toBe('')
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  }

  it('all dtypes have their values', async () => {
    const path = join(folder, 'python.safetensors')
    await writeSafetensors(path, sample, metadata)
    const [[meta, tensors]] = run(path)
    expect(meta).toEqual(metadata)
    expect(Object.keys(tensors).sort()).toEqual(sample.map(([name]) => name).sort())
    for (const [name, t] of sample) {
      const expected =
        t.dtype === 'I64'
          ? [...t.data].map(String)
          : t.dtype === 'BOOL'
            ? [...t.data].map(Boolean)
            : [...(t.dtype === 'F64' || t.dtype === 'I32' ? t.data : float32Values(name, t))]
      expect(tensors[name]).toEqual([t.shape, expected])
    }
  })

  it('all halves have the same values, and singles round to the same halves', async () => {
    const path = join(folder, 'halves.safetensors')
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i)
    // Patterns of singles from 2^-26 on, 1801 apart.
    const patterns = Uint32Array.from({ length: 200_000 }, (_, i) => 0x32800000 + i * 1801)
    const x = new Float32Array(patterns.buffer).filter((v) => v < 65520)
    await writeSafetensors(
      path,
      [
        ['all', { dtype: 'F16', shape: [65536], data: all }],
        ['x', { dtype: 'F32', shape: [x.length], data: x }],
      ],
      { format: 'test' },
    )
    const [halves, rounded] = run(path)
    const ours = new Uint32Array(fromFloat16(all).buffer)
    const nan = (bits: number) => (bits & 0x7fffffff) > 0x7f800000
    expect(halves.filter((b: number, i: number) => b !== ours[i] && !(nan(b) && nan(ours[i])))).toEqual([])
    expect(Uint16Array.from(rounded)).toEqual(toFloat16(x))
  })
})
