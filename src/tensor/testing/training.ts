import { stream } from '../../random/stream.ts'
import { compile, grad, type HostTensor, input, linear, type Runtime, type Tensor } from '../index.ts'

const [rows, features, width] = [16, 3, 8]
const rate = 0.05

/** What ten steps of gradient descent with momentum, its state in a store, came to. */
export interface Trained {
  readonly losses: number[]
  readonly weights: Record<string, number[]>
  /** What the entries were after the fourth step, read while training went on. */
  readonly halfway: Record<string, number[]>
}

const draw = (name: string, n: number) => stream(1, name).normal(new Float32Array(n))
const shapes = { w1: [features, width], b1: [width], w2: [width, 1] }

/**
 * The same step on any device: every weight and its momentum are replaced in the store, a counter goes along. Not
 * `resident`, all of it is fed and comes back each time instead.
 */
export async function train(runtime: Runtime, { steps = 10, resident = true } = {}): Promise<Trained> {
  const { program, state } = descent()
  const updates = Object.fromEntries(
    Object.keys(state).map((name) => [`${name}.next`, name]), // output -> entry
  )
  const store = await runtime.createStore()
  if (resident) await store.put(state)
  const step = await runtime.load(program, resident ? { store, updates } : {})
  const losses: number[] = []
  let halfway: Record<string, number[]> = {}
  for (let k = 0; k < steps; k++) {
    const x = draw(`x${k}`, rows * features)
    const out = await step.run({ x, y: x.slice(0, rows), ...(!resident && state) })
    losses.push(Number(out.loss.data[0]))
    if (!resident) for (const [output, entry] of Object.entries(updates)) state[entry] = out[output]
    if (k === 3) halfway = numbers(resident ? await store.take() : state)
  }
  // What lies on the device outlives the program that put it there.
  await step.release()
  const weights = numbers(resident ? await store.take() : state)
  await store.release()
  return { losses, weights, halfway }
}

/** A step of gradient descent with momentum on two layers, and the state it begins with. */
function descent() {
  const x = input('x', [rows, features])
  const y = input('y', [rows, 1])
  const [w1, b1, w2] = Object.entries(shapes).map(([name, shape]) => input(name, shape))
  const loss = linear(linear(x, w1, b1).tanh(), w2)
    .sub(y)
    .square()
    .mean()
  const outputs: Record<string, Tensor> = { loss }
  const state: Record<string, HostTensor> = {}
  const weights = [w1, b1, w2]
  for (const [i, g] of grad(loss, weights).entries()) {
    const { shape, size } = weights[i]
    const name = Object.keys(shapes)[i]
    const momentum = input(`${name}.momentum`, shape)
    outputs[`${name}.momentum.next`] = momentum.mul(0.9).add(g)
    outputs[`${name}.next`] = weights[i].sub(outputs[`${name}.momentum.next`].mul(rate))
    state[name] = { dtype: 'float32', shape, data: draw(name, size).map((v) => v / 2) }
    state[`${name}.momentum`] = { dtype: 'float32', shape, data: new Float32Array(size) }
  }
  outputs['count.next'] = input('count', [], 'int64').add(1)
  state.count = { dtype: 'int64', shape: [], data: BigInt64Array.of(0n) }
  return { program: compile(outputs), state }
}

const numbers = (tensors: Readonly<Record<string, HostTensor>>) =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, t]) => [name, Array.from(t.data as Float32Array, Number)]),
  )
