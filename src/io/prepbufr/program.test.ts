import { describe, expect, it } from 'vitest'
import { BitReader } from './bits.ts'
import { decodeSubset } from './decode.ts'
import { parseDescriptor } from './descriptor.ts'
import { addToDictionary, type Dictionary, emptyDictionary } from './dictionary.ts'
import { parseMessage } from './message.ts'
import { compile } from './program.ts'
import { dictionaryMessage } from './testing/files.ts'
import { type Field, TreeVisitor } from './tree.ts'

const element = (mnemonic: string, unit: string, scale: number, reference: number, bits: number) => ({
  mnemonic,
  description: mnemonic,
  unit,
  scale,
  reference,
  bits,
})

function dictionary(sequences: Record<string, string[]> = {}): Dictionary {
  const tables = emptyDictionary()
  tables.elements.set(parseDescriptor('012101'), element('T', 'K', 2, 0, 16))
  tables.elements.set(parseDescriptor('005002'), element('LAT', 'DEG N', 2, -9000, 15))
  tables.elements.set(parseDescriptor('001194'), element('SID', 'CCITT IA5', 0, 0, 64))
  tables.elements.set(parseDescriptor('033007'), element('MARK', 'CODE TABLE', 0, 0, 7))
  for (const [d, members] of Object.entries(sequences))
    tables.sequences.set(parseDescriptor(d), {
      mnemonic: `S${d}`,
      description: '',
      members: members.map(parseDescriptor),
    })
  return tables
}

/** Decodes bits given as [value, width] pairs by the descriptors given. */
function decode(list: string[], values: [number, number][], tables = dictionary()): Field[] {
  const bits = values.flatMap(([v, w]) =>
    Array.from({ length: w }, (_, i) => Math.floor(v / 2 ** (w - 1 - i)) % 2),
  )
  const bytes = new Uint8Array(Math.ceil(bits.length / 8) + 4)
  bits.forEach((bit, i) => {
    bytes[i >> 3] |= bit << (7 - (i & 7))
  })
  const tree = new TreeVisitor()
  const reader = new BitReader(bytes, 0, bits.length, 'test')
  decodeSubset(compile(tables, list.map(parseDescriptor), 'test'), reader, tree)
  expect(reader.position).toBe(bits.length)
  return tree.take()
}

const values = (fields: Field[]): unknown[] =>
  fields.map((f) => ('repeats' in f ? f.repeats.map(values) : f.value))

describe('operators', () => {
  it('2-01 widens, 2-02 scales, until set back', () => {
    const list = ['201131', '202129', '012101', '201000', '202000', '012101']
    expect(
      values(
        decode(list, [
          [273_150, 19],
          [27_315, 16],
        ]),
      ),
    ).toEqual([273.15, 273.15])
  })

  it('2-07 raises scale, reference and width together, but not of codes and texts', () => {
    // Regulation 94.5.5 (2-07): 10^Y finer, the reference times 10^Y, (10 Y + 2) / 3 bits wider.
    const list = ['207003', '005002', '033007', '207000', '005002']
    const lat = 45.12345
    expect(
      values(
        decode(list, [
          [4_512_345 + 9_000_000, 25],
          [5, 7],
          [13_512, 15],
        ]),
      ),
    ).toEqual([lat, 5, 45.12])
  })

  it('2-08 sets the width of texts, 2-05 inserts one, 2-06 passes over a local descriptor', () => {
    const list = ['208002', '001194', '205001', '206009', '063255', '033007']
    expect(
      values(
        decode(list, [
          [0x4142, 16],
          [0x43, 8],
          [511, 9],
          [127, 7],
        ]),
      ),
    ).toEqual(['AB', 'C', Number.NaN])
  })

  it('others are refused by name', () => {
    expect(() => decode(['222000'], [])).toThrow('operator 222000 is not supported')
  })
})

describe('replication', () => {
  it('fixed and delayed, nested', () => {
    const list = ['104002', '033007', '101000', '031001', '033007']
    expect(
      values(
        decode(list, [
          [1, 7],
          [2, 8],
          [3, 7],
          [4, 7],
          [5, 7],
          [0, 8],
        ]),
      ),
    ).toEqual([
      [
        [1, [[3], [4]]],
        [5, []],
      ],
    ])
  })

  it.each([
    ['360001', 16],
    ['360002', 8],
    ['360003', 8],
    ['360004', 1],
  ] as const)('%s has a count of %i bits', (d, bits) => {
    const tables = dictionary({ '348001': ['033007'] })
    const found = decode(
      [d, '348001'],
      [
        [1, bits],
        [9, 7],
      ],
      tables,
    )
    expect(values(found)).toEqual([[[9]]])
    expect(found[0].name).toBe('S348001')
  })
})

describe('tables that cannot be meant', () => {
  const refuse = (list: string[], tables: Dictionary, message: RegExp) =>
    expect(() => compile(tables, list.map(parseDescriptor), 'test')).toThrow(message)

  it('are refused', () => {
    refuse(['348001'], dictionary({ '348001': ['348001'] }), /contain themselves/)
    refuse(['348002'], dictionary(), /sequence 348002 is not in the embedded dictionary/)
    refuse(['012001'], dictionary(), /element 012001 is not in the embedded dictionary/)
    refuse(['101000', '031001'], dictionary(), /lacks its count or its 1 descriptors/)
    refuse(['360001'], dictionary(), /not followed by a known sequence/)
    refuse(['360004', '348001'], dictionary({ '348001': [] }), /empty/)
    refuse(['201001', '012101'], dictionary(), /bits, which cannot be/)
  })

  it('cannot multiply without bound, not even when nothing is in them', () => {
    const chain: Record<string, string[]> = {}
    for (let i = 1; i < 30; i++)
      chain[`3480${String(i).padStart(2, '0')}`] = new Array(200).fill(
        `3480${String(i + 1).padStart(2, '0')}`,
      )
    chain['348030'] = []
    refuse(['348001'], dictionary(chain), /more than 50000 fields/)
  })
})

it('reads dictionaries in the long and the short form alike', () => {
  const tables = dictionary({ '348001': ['360002', '348002'], '348002': ['012101', '005002'] })
  tables.types.set(102, { mnemonic: 'ADPUPA', description: 'UPPER AIR' })
  for (const short of [false, true]) {
    const read = emptyDictionary()
    addToDictionary(read, parseMessage(dictionaryMessage(tables, { short }), 1, 0))
    expect(read).toEqual(tables)
  }
})
