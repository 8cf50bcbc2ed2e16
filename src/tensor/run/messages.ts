import type { Signature } from '../compile.ts'
import type { DType, TypedArray } from '../dtype.ts'
import type { Device } from './device.ts'

/** Values of a tensor on the host; float16 as bit patterns, bool as bytes. */
export interface HostTensor {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data: TypedArray
}

/** Host tensors by name. */
export type Tensors = Record<string, HostTensor>

export interface SessionSettings {
  /** Device-resident tensors the program takes its inputs from when they are not fed. */
  readonly store?: number
  /** Outputs that become the new values of store entries: output name -> entry name. */
  readonly updates?: Readonly<Record<string, string>>
  /** Where ONNX Runtime writes a profile of the session, without the ending. */
  readonly profile?: string
}

/** What the main thread asks of the thread that owns the sessions. */
export type Request =
  | {
      kind: 'load'
      onnx: Uint8Array
      device: Device
      threads: number
      settings: SessionSettings
      inputs: readonly string[]
      outputs: readonly string[]
    }
  | { kind: 'open'; path: string; device: Device; threads: number }
  | { kind: 'run'; session: number; feeds: Tensors }
  | { kind: 'release'; session: number }
  | { kind: 'createStore' }
  | { kind: 'put'; store: number; tensors: Tensors }
  | { kind: 'take'; store: number; names: readonly string[] | undefined }
  | { kind: 'releaseStore'; store: number }

/** What a model file says of itself; an axis without a fixed size is -1. */
export interface Opened {
  readonly session: number
  readonly inputs: readonly Signature[]
  readonly outputs: readonly Signature[]
}

export type Reply = { id: number; value?: number | Tensors | Opened; error?: string }
