import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { BitReader } from './bits.ts'
import { decodeSubset } from './decode.ts'
import { formatDescriptor, parseDescriptor } from './descriptor.ts'
import type { Dictionary } from './dictionary.ts'
import { messagesIn } from './framing.ts'
import { compile, type Program } from './program.ts'
import { SubsetReader } from './reader.ts'
import { type Field, TreeVisitor } from './tree.ts'

const fixture = (name: string) => gunzipSync(readFileSync(new URL(`fixtures/${name}`, import.meta.url)))

function dictionary(): Dictionary {
  const reader = new SubsetReader()
  for (const message of messagesIn(fixture('adpupa.prepbufr.gz'))) reader.learn(message)
  return reader.dictionary
}

const marks: Record<string, string> = { '360001': '()', '360002': '{}', '360003': '[]', '360004': '<>' }

it('reads the embedded tables as NCEPLIBS-bufr prints them', () => {
  const tables = dictionary()
  const lines = fixture('table-dump.txt.gz').toString().split('\n')
  const cells = lines
    .filter((l) => l.startsWith('| '))
    .map((l) =>
      l
        .split('|')
        .slice(1, -1)
        .map((c) => c.trim()),
    )
  const byName = new Map([...tables.elements].map(([d, e]) => [e.mnemonic, { d, ...e }]))
  const numbers = cells.filter(([, n]) => /^0\d{5}$/.test(n))
  expect(numbers.length).toBeGreaterThan(240)
  // The printed tables are of another year: some entries came, a few widths grew. What both have must agree.
  const shared = numbers.filter(([name]) => byName.has(name))
  expect(shared.length).toBeGreaterThan(240)
  for (const [name, number] of shared)
    expect([name, formatDescriptor(byName.get(name)!.d)]).toEqual([name, number])
  const packings = cells.filter((c) => c.length === 6 && /^-?\d+$/.test(c[1]) && byName.has(c[0]))
  const different: string[] = []
  for (const [name, scale, reference, bits, unit] of packings) {
    const e = byName.get(name)!
    if (`${e.scale} ${e.reference} ${e.bits} ${e.unit}` !== `${scale} ${reference} ${bits} ${unit}`)
      different.push(name)
  }
  expect(packings.length).toBeGreaterThan(240)
  expect(different).toEqual([])

  const printed = new Map<string, string>()
  for (const c of cells.filter((c) => c.length === 2 && c[0] !== 'MNEMONIC' && c[0] !== ''))
    printed.set(c[0], `${printed.get(c[0]) ?? ''} ${c[1]}`.trim().replace(/\s+/g, ' '))
  const nameOf = (d: number) =>
    tables.elements.get(d)?.mnemonic ?? tables.sequences.get(d)?.mnemonic ?? formatDescriptor(d)
  const sequences = [...tables.sequences.values()].filter((s) => printed.has(s.mnemonic))
  expect(sequences.length).toBeGreaterThan(100)
  const others: string[] = []
  for (const { mnemonic, members } of sequences) {
    // A name such as .DTH.... is completed by that of the value it belongs to.
    let text = ''
    for (let i = 0; i < members.length; i++) {
      const mark = marks[formatDescriptor(members[i])]
      text += mark
        ? ` ${mark[0]}${nameOf(members[++i])}${mark[1]}`
        : ` ${nameOf(members[i]).replace('....', nameOf(members[i + 1]))}`
    }
    if (text.trim() !== printed.get(mnemonic))
      others.push(`${mnemonic}:${text.replace(printed.get(mnemonic)!, '...')}`)
  }
  // The one entry that had grown by the year of the printed tables.
  expect(others).toEqual(['MSONET: ... <VISB2SEQ>'])
})

interface Line {
  readonly descriptor: number
  readonly value: string
  readonly count: number
}

/** The lines of the dump that stand for fields or counts, in order. */
function dumpLines(): Line[] {
  const out: Line[] = []
  for (const line of fixture('subset-dump.txt.gz').toString().split('\n')) {
    const field = /^(\d{6}) {2}\S+ +(\S+) /.exec(line)
    const count = /^ {11}[<{[(](\S+)[>}\])] +(\d+) REPLICATIONS/.exec(line)
    if (field) out.push({ descriptor: parseDescriptor(field[1]), value: field[2], count: 0 })
    else if (count) out.push({ descriptor: Number.NaN, value: count[1], count: Number(count[2]) })
  }
  return out
}

/** Packs what the dump prints into the bits that the program describes; the order of fields must be the dump's. */
function pack(program: Program, lines: Line[], bits: number[]) {
  const put = (value: number, width: number) => {
    for (let b = width - 1; b >= 0; b--) bits.push(Math.floor(value / 2 ** b) % 2)
  }
  for (const node of program) {
    if (node.kind === 'skip') throw new Error('no skipped bits in this report')
    if (node.kind === 'repeat') {
      // Event stacks are printed without a line of their own: count the repetitions of their first element.
      let count = 0
      if (node.mnemonic.endsWith('EVENT')) {
        const [first] = node.body
        if (first.kind !== 'element') throw new Error('an event begins with its value')
        while (lines[count * node.body.length]?.descriptor === first.descriptor) count++
      } else {
        const line = lines.shift()!
        expect(line.value).toBe(node.mnemonic)
        count = line.count
      }
      put(count, node.countBits)
      for (let k = 0; k < count; k++) pack(node.body, lines, bits)
      continue
    }
    const line = lines.shift()!
    expect(formatDescriptor(node.descriptor)).toBe(formatDescriptor(line.descriptor))
    if (node.text) for (const c of line.value.padEnd(node.bits / 8)) put(c.charCodeAt(0), 8)
    else
      put(
        line.value === 'MISSING'
          ? node.missing
          : Math.round(Number(line.value) * node.divisor) - node.reference,
        node.bits,
      )
  }
}

it('expands and scales a radiosonde report as NCEPLIBS-bufr prints it', () => {
  const tables = dictionary()
  const adpupa = [...tables.sequences].find(([, s]) => s.mnemonic === 'ADPUPA')!
  const program = compile(tables, [adpupa[0]], 'ADPUPA')
  const bits: number[] = []
  const rest = dumpLines()
  expect(rest.length).toBeGreaterThan(900)
  pack(program, rest, bits)
  expect(rest).toEqual([])
  const bytes = new Uint8Array(Math.ceil(bits.length / 8) + 4)
  bits.forEach((bit, i) => {
    bytes[i >> 3] |= bit << (7 - (i & 7))
  })
  const reader = new BitReader(bytes, 0, bits.length, 'dump')
  const tree = new TreeVisitor()
  decodeSubset(program, reader, tree)
  expect(reader.position).toBe(bits.length)
  const values: (number | string)[] = []
  const flatten = (fields: readonly Field[]) => {
    for (const f of fields)
      if ('repeats' in f) f.repeats.forEach(flatten)
      else values.push(f.value)
  }
  flatten(tree.take())
  const expected = dumpLines().filter((l) => !Number.isNaN(l.descriptor))
  expect(values.map((v) => (Number.isNaN(v) ? 'MISSING' : v))).toEqual(
    // The dump prints small negative numbers as -0.
    expected.map(({ value }, i) => (i === 0 || value === 'MISSING' ? value : Number(value) + 0)),
  )
})
