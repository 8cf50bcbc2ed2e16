import type { SubsetVisitor } from './decode.ts'
import type { ElementNode, RepeatNode } from './program.ts'

/** A field of a subset: a value (NaN missing, texts '') or the iterations of a counted part. */
export type Field =
  | { readonly name: string; readonly unit: string; readonly value: number | string }
  | { readonly name: string; readonly repeats: readonly Field[][] }

/** Collects a subset as it stands in the file, for looking at one and for checking the decoder. */
export class TreeVisitor implements SubsetVisitor {
  private open: Field[][] = [[]]

  /** The fields of the subset just read; the visitor is then ready for the next. */
  take(): Field[] {
    const fields = this.open[0]
    this.open = [[]]
    return fields
  }

  number(node: ElementNode, value: number) {
    this.open[this.open.length - 1].push({ name: node.mnemonic, unit: node.unit, value })
  }
  text(node: ElementNode, value: string) {
    this.open[this.open.length - 1].push({ name: node.mnemonic, unit: node.unit, value })
  }
  enter(node: RepeatNode) {
    const repeats: Field[][] = []
    this.open[this.open.length - 1].push({ name: node.mnemonic, repeats })
    this.repeats.push(repeats)
    this.open.push([])
  }
  iteration() {
    const fields: Field[] = []
    this.repeats[this.repeats.length - 1].push(fields)
    this.open[this.open.length - 1] = fields
  }
  leave() {
    this.repeats.pop()
    this.open.pop()
  }

  private repeats: Field[][][] = []
}
