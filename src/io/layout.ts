import { DataError } from '../base/errors.ts'
import type { NumericArray } from './dataset.ts'
import { dtypeOf } from './numeric.ts'

/** Types that are written. */
export type WrittenDtype = 'float32' | 'float64' | 'int32' | 'int64'

export type AttributeValue = string | number | readonly number[]

/** A variable to be written. */
export interface VariableLayout {
  readonly name: string
  readonly dimensions: readonly string[]
  readonly dtype: WrittenDtype
  readonly attributes?: Readonly<Record<string, AttributeValue>>
  /** Values of a variable without the growing dimension. */
  readonly data?: NumericArray
  /** Chunk lengths; by default the growing dimension's step and the others whole. */
  readonly chunks?: readonly number[]
}

/** What a file or store will hold, for any of the formats. */
export interface DatasetLayout {
  /** Lengths by name; the growing dimension is left out. */
  readonly dimensions: Readonly<Record<string, number>>
  /** The dimension along which values are appended; each variable that has it has it first. */
  readonly growing?: string
  readonly attributes?: Readonly<Record<string, AttributeValue>>
  readonly variables: readonly VariableLayout[]
}

/** A dataset being written: nothing is at its path before `close`. */
export interface DatasetWriter {
  /** Values along the growing dimension so far. */
  readonly length: number
  /**
   * Appends the same number of steps to every growing variable: [steps, ...other dimensions], row-major.
   * Throws DataError for a variable that is missing, unknown, of another type or of another length.
   */
  append(values: Readonly<Record<string, NumericArray>>): Promise<void>
  /** Writes what is left and puts the dataset at its path. */
  close(): Promise<void>
  /** Leaves nothing behind. */
  abort(): Promise<void>
}

/** Bytes a chunk should have where nothing else is asked for. */
const chunkBytes = 4 * 2 ** 20

export const itemBytes: Record<WrittenDtype, number> = { float32: 4, float64: 8, int32: 4, int64: 8 }

/** Shape of a variable, with 0 for the growing dimension. */
export function shapeIn(layout: DatasetLayout, variable: VariableLayout): number[] {
  return variable.dimensions.map((dimension) => {
    if (dimension === layout.growing) return 0
    const length = layout.dimensions[dimension]
    if (length === undefined) throw new DataError(`${variable.name}: dimension ${dimension} has no length`)
    return length
  })
}

/** Whether a variable grows. */
export function grows(layout: DatasetLayout, variable: VariableLayout): boolean {
  return layout.growing !== undefined && variable.dimensions.includes(layout.growing)
}

/** Chunk lengths: as given, else along the growing dimension as many steps as make about `bytes`, the others whole. */
export function chunksIn(layout: DatasetLayout, variable: VariableLayout, bytes = chunkBytes): number[] {
  const shape = shapeIn(layout, variable)
  if (variable.chunks) return variable.chunks.map((n, axis) => (shape[axis] ? Math.min(n, shape[axis]) : n))
  const perStep = shape.reduce((n, length) => n * (length || 1), itemBytes[variable.dtype])
  // A coordinate along the growing dimension is small: one chunk for many steps.
  const steps = Math.max(1, Math.min(Math.floor(bytes / perStep), shape.length === 1 ? 4096 : 64))
  return shape.map((length, axis) =>
    variable.dimensions[axis] === layout.growing ? steps : Math.max(1, length),
  )
}

/** @throws DataError for a layout that contradicts itself. */
export function checkLayout(layout: DatasetLayout): void {
  const names = new Set<string>()
  for (const variable of layout.variables) {
    const { name, dimensions, data, dtype } = variable
    if (!/^[^/\0.][^/\0]*$/.test(name))
      throw new DataError(`${JSON.stringify(name)} cannot be the name of a variable`)
    if (names.has(name)) throw new DataError(`variable ${name} is there twice`)
    names.add(name)
    const shape = shapeIn(layout, variable)
    if (grows(layout, variable)) {
      if (dimensions.indexOf(layout.growing!) !== 0)
        throw new DataError(`${name}: ${layout.growing} must be its first dimension`)
      continue
    }
    const size = shape.reduce((a, b) => a * b, 1)
    if (!data) throw new DataError(`${name} has no values`)
    if (dtypeOf(data) !== dtype || data.length !== size)
      throw new DataError(
        `${name} has ${data.length} values of ${dtypeOf(data)}; ${size} of ${dtype} are wanted`,
      )
  }
}

/**
 * Checks values to be appended and counts their steps.
 * @throws DataError as `DatasetWriter.append` says.
 */
export function stepsIn(layout: DatasetLayout, values: Readonly<Record<string, NumericArray>>): number {
  const growing = layout.variables.filter((variable) => grows(layout, variable))
  for (const name of Object.keys(values))
    if (!growing.some((v) => v.name === name)) throw new DataError(`${name} is no variable that grows`)
  let steps: number | undefined
  for (const variable of growing) {
    const given = values[variable.name]
    if (!given) throw new DataError(`${variable.name} is missing from what is appended`)
    if (dtypeOf(given) !== variable.dtype)
      throw new DataError(`${variable.name} is ${dtypeOf(given)}; ${variable.dtype} is wanted`)
    const perStep = shapeIn(layout, variable).reduce((n, length, axis) => (axis === 0 ? n : n * length), 1)
    const n = given.length / perStep
    if (!Number.isInteger(n) || (steps !== undefined && n !== steps))
      throw new DataError(
        `${variable.name} has ${given.length} values: ${perStep} a step, ${steps ?? 'whole'} steps wanted`,
      )
    steps = n
  }
  return steps ?? 0
}
