import { FormatError } from '../../base/errors.ts'
import { type Descriptor, fOf, formatDescriptor, xOf, yOf } from './descriptor.ts'
import type { Dictionary } from './dictionary.ts'

/** One packed number or text, with all operators applied: value = (packed + reference) / divisor. */
export interface ElementNode {
  readonly kind: 'element'
  readonly descriptor: Descriptor
  readonly mnemonic: string
  readonly unit: string
  readonly bits: number
  readonly text: boolean
  readonly reference: number
  readonly divisor: number
  /** The packed value with all bits set, which means "missing". */
  readonly missing: number
}

/** A part that occurs a counted number of times. */
export interface RepeatNode {
  readonly kind: 'repeat'
  /** Mnemonic of the sequence repeated; '' for a bare replication. */
  readonly mnemonic: string
  /** Width of the count in the data; 0 when the count is fixed. */
  readonly countBits: number
  readonly fixed: number
  readonly body: Program
}

/** Bits of a local descriptor (operator 2-06) that are passed over. */
export interface SkipNode {
  readonly kind: 'skip'
  readonly bits: number
}

export type Node = ElementNode | RepeatNode | SkipNode

/** What a subset consists of, sequences flattened; made once per message type and run for every subset. */
export type Program = readonly Node[]

/** NCEP's counts before a repeated sequence, by Y of 3-60-YYY: written ( ), { }, [ ] and < > in their tables. */
const shorthandBits: Readonly<Record<number, number>> = { 1: 16, 2: 8, 3: 8, 4: 1 }
/** WMO's delayed replication factors, 0-31-YYY. */
const factorBits: Readonly<Record<number, number>> = { 0: 1, 1: 8, 2: 16 }

/** More nodes than any real table has: a damaged dictionary can nest sequences so that they multiply. */
const mostNodes = 50_000
const deepest = 32

/**
 * Compiles descriptors into a program. Operators 2-01 (width), 2-02 (scale), 2-05 (text), 2-06 (local width),
 * 2-07 (precision) and 2-08 (text width) are applied here, once; others throw FormatError, as do descriptors that
 * the dictionary lacks and sequences that contain themselves. `where` is put in front of messages.
 */
export function compile(dictionary: Dictionary, descriptors: readonly Descriptor[], where: string): Program {
  let total = 0
  const fail = (what: string): never => {
    throw new FormatError(`${where}: ${what}`)
  }
  const state = { width: 0, scale: 0, precision: 0, textBits: 0 }

  const expand = (list: readonly Descriptor[], depth: number): Node[] => {
    if (depth > deepest) fail('sequences of the embedded dictionary contain themselves')
    const out: Node[] = []
    const add = (node: Node) => out.push(node)
    for (let i = 0; i < list.length; i++) {
      if (++total > mostNodes) fail(`a subset would have more than ${mostNodes} fields`)
      const d = list[i]
      const [f, x, y] = [fOf(d), xOf(d), yOf(d)]
      if (f === 0) add(element(d))
      else if (f === 1) {
        const factor = y === 0 ? list[++i] : undefined
        const countBits = factor === undefined ? 0 : xOf(factor) === 31 ? factorBits[yOf(factor)] : undefined
        if (countBits === undefined || i + x >= list.length)
          return fail(`replication ${formatDescriptor(d)} lacks its count or its ${x} descriptors`)
        const body = expand(list.slice(i + 1, i + 1 + x), depth + 1)
        if (body.length === 0) return fail(`replication ${formatDescriptor(d)} repeats nothing`)
        add({ kind: 'repeat', mnemonic: '', countBits, fixed: y, body })
        i += x
      } else if (f === 2) {
        if (x === 6) {
          if (y === 0) return fail('operator 206000 has no width')
          add({ kind: 'skip', bits: y })
          i++
        } else if (x === 5) {
          if (y === 0) return fail('operator 205000 has no width')
          add(node(d, 'text', 'CCITT IA5', 8 * y, 0, 0))
        } else operator(d, x, y)
      } else if (x === 60 && shorthandBits[y]) {
        const next = list[++i]
        const name = dictionary.sequences.get(next)?.mnemonic ?? dictionary.elements.get(next)?.mnemonic
        if (name === undefined) return fail(`${formatDescriptor(d)} is not followed by a known sequence`)
        const body = expand([next], depth + 1)
        if (body.length === 0) return fail(`the repeated sequence ${name} is empty`)
        add({ kind: 'repeat', mnemonic: name, countBits: shorthandBits[y], fixed: 0, body })
      } else {
        const sequence = dictionary.sequences.get(d)
        if (!sequence) return fail(`sequence ${formatDescriptor(d)} is not in the embedded dictionary`)
        for (const inner of expand(sequence.members, depth + 1)) out.push(inner)
      }
    }
    return out
  }

  const operator = (d: Descriptor, x: number, y: number) => {
    if (x === 1) state.width = y === 0 ? 0 : y - 128
    else if (x === 2) state.scale = y === 0 ? 0 : y - 128
    else if (x === 7) state.precision = y
    else if (x === 8) state.textBits = 8 * y
    else fail(`operator ${formatDescriptor(d)} is not supported`)
  }

  const element = (d: Descriptor): ElementNode => {
    const entry = dictionary.elements.get(d)
    if (!entry)
      return fail(
        `element ${formatDescriptor(d)} is not in the embedded dictionary (messages that rest on WMO's own tables are not read)`,
      )
    const { mnemonic, unit } = entry
    if (unit === 'CCITT IA5') return node(d, mnemonic, unit, state.textBits || entry.bits, 0, 0)
    if (unit === 'CODE TABLE' || unit === 'FLAG TABLE')
      return node(d, mnemonic, unit, entry.bits, entry.scale, entry.reference)
    const y = state.precision
    return node(
      d,
      mnemonic,
      unit,
      entry.bits + state.width + (y && Math.floor((10 * y + 2) / 3)),
      entry.scale + state.scale + y,
      entry.reference * 10 ** y,
    )
  }

  const node = (
    d: Descriptor,
    mnemonic: string,
    unit: string,
    bits: number,
    scale: number,
    reference: number,
  ) => {
    const text = unit === 'CCITT IA5'
    if (bits < 1 || (text ? bits % 8 !== 0 : bits > 32))
      fail(`${mnemonic} (${formatDescriptor(d)}) has ${bits} bits, which cannot be`)
    const n: ElementNode = {
      kind: 'element',
      descriptor: d,
      mnemonic,
      unit,
      bits,
      text,
      reference,
      divisor: 10 ** scale,
      missing: 2 ** bits - 1,
    }
    return n
  }

  return expand(descriptors, 0)
}
