import { FormatError } from '../../base/errors.ts'
import type { BitReader } from './bits.ts'
import type { ElementNode, Program, RepeatNode } from './program.ts'

/** What is told about a subset while it is unpacked, in the order of the file. */
export interface SubsetVisitor {
  /** A number, NaN when missing. */
  number(node: ElementNode, value: number): void
  /** A text, '' when missing. */
  text(node: ElementNode, value: string): void
  /** A counted part begins; `count` iterations follow, each announced. */
  enter(node: RepeatNode, count: number): void
  iteration(node: RepeatNode, index: number): void
  leave(node: RepeatNode): void
}

/**
 * Unpacks one subset. All bits set means missing, as everywhere in BUFR. Every iteration takes at least one bit,
 * so that the work is bounded by the data whatever the counts say. Throws FormatError when the data end early.
 */
export function decodeSubset(program: Program, bits: BitReader, visitor: SubsetVisitor) {
  for (let i = 0; i < program.length; i++) {
    const node = program[i]
    if (node.kind === 'element') {
      if (node.text) visitor.text(node, bits.text(node.bits))
      else {
        const packed = bits.read(node.bits)
        visitor.number(node, packed === node.missing ? Number.NaN : (packed + node.reference) / node.divisor)
      }
    } else if (node.kind === 'repeat') {
      const count = node.countBits === 0 ? node.fixed : bits.read(node.countBits)
      visitor.enter(node, count)
      for (let k = 0; k < count; k++) {
        visitor.iteration(node, k)
        decodeSubset(node.body, bits, visitor)
      }
      visitor.leave(node)
    } else bits.skip(node.bits)
  }
}

/**
 * Checks what an NCEP file writes after each subset up to the byte where the next begins: a count in 8 bits and
 * that many bits. A damaged count inside the subset shows here.
 */
export function checkPadding(bits: BitReader, where: string) {
  const left = bits.end - bits.position
  if (left === 0) return
  const padding = left >= 8 ? bits.read(8) : -1
  if (padding !== left - 8)
    throw new FormatError(
      `${where}: ${left} bits are left after the last field where the padding would be ${padding + 8}; ` +
        'the file is damaged or its tables do not belong to it',
    )
}
