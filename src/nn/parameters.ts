import type { Seed } from '../random/address.ts'
import { stream } from '../random/stream.ts'
import { type DType, type HostTensor, input, type Shape, type Tensor } from '../tensor/index.ts'
import { convert } from '../tensor/ops/source.ts'
import { sameShape, shapeError, show, sizeOf } from '../tensor/shape.ts'
import type { Initialiser } from './initialisers.ts'
import { checkWeights, type Weights } from './weights.ts'

/** What a network declares of a parameter. */
export interface ParameterSpec {
  /** Path of the parameter, scopes joined by dots: `block3.attention.query.weight`. */
  readonly name: string
  readonly shape: Shape
  readonly init: Initialiser
  /** Whether weight decay pulls it towards zero. */
  readonly decay: boolean
}

/** Type of parameters, and their names in a program. */
export interface ParametersOptions {
  /** float64 on the CPU to check derivatives. */
  dtype?: DType
  /** In front of the names of the program's inputs, where one program holds two networks: `reference.` */
  prefix?: string
}

interface Registry {
  readonly dtype: DType
  readonly prefix: string
  readonly specs: Map<string, ParameterSpec>
  readonly tensors: Map<string, Tensor>
}

/**
 * The trainable tensors of a network. A network is a plain function of a `Parameters` and its arguments; it asks for
 * parameters by name while it builds its expression and gets program inputs. Values live elsewhere (`Weights`).
 */
export class Parameters {
  private readonly registry: Registry
  private readonly path: string

  constructor(options: ParametersOptions = {}) {
    this.registry = {
      dtype: options.dtype ?? 'float32',
      prefix: options.prefix ?? '',
      specs: new Map(),
      tensors: new Map(),
    }
    this.path = ''
  }

  get dtype(): DType {
    return this.registry.dtype
  }

  /** The same parameters seen from inside `name`: their names begin with it. */
  scope(name: string | number): Parameters {
    const inner = Object.create(Parameters.prototype) as Parameters
    return Object.assign(inner, { registry: this.registry, path: `${this.path}${name}.` })
  }

  /**
   * The parameter of this name in this scope; the same tensor each time, so asking again shares it. Matrices and
   * kernels decay unless told otherwise, vectors do not.
   * @throws ShapeError when it was asked for with another shape before
   */
  get(name: string, shape: Shape, init: Initialiser, { decay = shape.length > 1 } = {}): Tensor {
    const { specs, tensors, prefix, dtype } = this.registry
    const full = this.path + name
    const known = tensors.get(full)
    if (known) {
      if (!sameShape(known.shape, shape))
        throw shapeError('parameter', `'${full}' is ${show(known.shape)} and is asked for as ${show(shape)}`)
      return known
    }
    const tensor = input(prefix + full, shape, dtype)
    specs.set(full, { name: full, shape: [...shape], init, decay })
    tensors.set(full, tensor)
    return tensor
  }

  /** All declared parameters of all scopes, in the order in which they were first asked for. */
  get specs(): readonly ParameterSpec[] {
    return [...this.registry.specs.values()]
  }

  /** The program inputs, by parameter name. */
  get tensors(): ReadonlyMap<string, Tensor> {
    return this.registry.tensors
  }

  /** Name of the program input of a parameter. */
  inputName(name: string): string {
    return this.registry.prefix + name
  }

  /** Number of trainable numbers. */
  get count(): number {
    return this.specs.reduce((n, { shape }) => n + sizeOf(shape), 0)
  }

  /**
   * Initial values. Each parameter has a random stream of its own, keyed by its name: neither the order of
   * declaration nor other parameters matter.
   */
  initialise(seed: Seed): Weights {
    const { dtype } = this.registry
    return new Map(
      this.specs.map(({ name, shape, init }) => {
        const values = init(shape, stream(seed, 'parameter', name))
        return [name, { dtype, shape, data: convert(values, dtype) }]
      }),
    )
  }

  /**
   * `weights` under the names of the program's inputs: to feed, or to put in a store.
   * @throws ShapeError as checkWeights does; `where` names the weights in its message
   */
  feeds(weights: Weights, where?: string): Record<string, HostTensor> {
    checkWeights(this.specs, weights, where)
    return Object.fromEntries(
      this.specs.map(({ name }) => [this.inputName(name), weights.get(name) as HostTensor]),
    )
  }
}
