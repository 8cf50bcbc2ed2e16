import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { compile, constant, conv, gather, grad, input, matmul, Runtime, scan, type Tensor } from './index.ts'

const x = input('x', [2, 3])
const y = input('y', [4, 5])

describe('a program that cannot be meant is refused where it is written', () => {
  const wrong: Record<string, [() => unknown, string]> = {
    broadcasting: [() => x.add(y), 'add: shapes [2, 3] and [4, 5] do not broadcast: axis -2 is 2 and 4'],
    'inner sizes': [() => matmul(x, y), 'matmul: [2, 3] x [4, 5]: inner sizes 3 and 4 differ'],
    'mixed dtypes': [
      () => x.mul(x.cast('float64')),
      'mul: mixes float32 [2, 3] with float64 [2, 3]; cast one of them',
    ],
    'a sum of bools': [() => x.less(1).sum(), 'sum: takes numbers, not bool; cast first'],
    reshape: [() => x.reshape(4, -1), 'reshape: [2, 3] (6 values) does not fill [4, -1]'],
    axes: [() => x.mean(2), 'mean: axis 2 is outside a tensor of rank 2 (use -2 .. 1)'],
    slices: [() => x.slice(2), 'slice: index 2 is outside axis 0 of [2, 3]'],
    positions: [
      () => gather(x, constant([0, 7], { dtype: 'int64' })),
      'gather: position 7 is outside axis 0 of [2, 3]',
    ],
    kernels: [
      () => conv(input('i', [1, 2, 4, 4]), input('k', [3, 1, 3, 3])),
      'conv: float32 [1, 2, 4, 4] with float32 kernels [3, 1, 3, 3]: channels must agree',
    ],
    losses: [() => grad(x, [x]), 'grad: the loss has shape [2, 3]; reduce it to one number'],
    carries: [
      () => scan(([c]) => ({ carry: [c.sum()] }), [x], [], { length: 2 }),
      'scan: carry 0 is float32 [] after a turn and float32 [2, 3] before it',
    ],
    'names of inputs': [
      () => compile({ z: x.sum().add(input('x', [7]).sum()) }),
      "compile: two inputs are named 'x': [2, 3] and [7]",
    ],
    'names of outputs': [() => compile({ x: x.add(1) }), "compile: 'x' names an input and an output"],
    'empty axes': [
      () => input('z', [0, 3]),
      "input: 'z' has shape [0, 3]; every axis must be a whole number >= 1",
    ],
  }
  it.each(Object.entries(wrong))('%s', (_, [f, message]) => {
    expect(f).toThrow(message)
    expect(f).toThrow(/\(at \S*src\/tensor\/errors\.test\.ts:\d+:\d+\)$/)
  })

  it('also when the call is deep inside of layers', () => {
    const nest = (depth: number, t: Tensor): Tensor =>
      depth ? scan(([c]) => ({ carry: [nest(depth - 1, c)] }), [t], [], { length: 1 }).carry[0] : t.add(y)
    expect(() => nest(8, x)).toThrow(/errors\.test\.ts:\d+:\d+\)$/)
  })
})

describe('names that a program may use', () => {
  it('are free, those of the writer included', async () => {
    const [a, b] = [input('v0', [2]), input('v1', [2])]
    const program = compile({ v2: a.add(b).exp(), v3: a.add(b).mul(2), v0_0: a })
    const { v2, v3 } = await runtime.evaluate(program, {
      v0: Float32Array.of(0, 1),
      v1: Float32Array.of(0, -1),
    })
    expect([v2.data, v3.data]).toEqual([Float32Array.of(1, 1), Float32Array.of(0, 0)])
  })
})

const runtime = new Runtime({ device: 'cpu', threads: 1 })
afterAll(() => runtime.close())

describe('running', () => {
  function step() {
    const w = input('w', [3, 2])
    return compile({ z: x.matmul(w), next: w.mul(2) }, { name: 'step' })
  }

  it('wants every input, no other, in its shape and dtype', async () => {
    const exe = await runtime.load(step())
    const [good, w] = [new Float32Array(6), new Float32Array(6)]
    const run = (feeds: Parameters<typeof exe.run>[0]) => expect(exe.run(feeds)).rejects
    await run({ x: good }).toThrow("'step' needs 'w': float32 [3, 2]")
    await run({ x: good, w, W: w }).toThrow("'step' has no input 'W' (did you mean")
    await run({ x: good, w: new Float32Array(5) }).toThrow("input 'w' has 5 values; it takes float32 [3, 2]")
    await run({ x: good, w: new Float64Array(6) }).toThrow(
      "input 'w' is Float64Array; it takes float32 [3, 2]",
    )
    await run({ x: good, w: { dtype: 'float32', shape: [2, 3], data: w } }).toThrow(
      "input 'w' has shape [2, 3]",
    )
    await exe.release()
  })

  it('wants stores that fit', async () => {
    const store = await runtime.createStore()
    const w = { dtype: 'float32', shape: [3, 2], data: new Float32Array(6) } as const
    const load = (options: Parameters<typeof runtime.load>[1]) =>
      expect(runtime.load(step(), options)).rejects
    await load({ updates: { next: 'w' } }).toThrow(
      "update of 'w' by 'next' of 'step': load was given no store",
    )
    await load({ store, updates: { next: 'w' } }).toThrow("the store has no 'w'; put it there first")
    await store.put({ w, v: { ...w, shape: [6] } })
    await load({ store, updates: { nxt: 'w' } }).toThrow("there is no output 'nxt' (did you mean next?)")
    await load({ store, updates: { next: 'v' } }).toThrow(
      'the entry is float32 [6], the output float32 [3, 2]',
    )
    await load({ store, updates: { next: 'w', z: 'w' } }).toThrow(
      'the entry is float32 [3, 2], the output float32 [2, 2]',
    )
    await expect(store.put({ w: { ...w, shape: [2, 3] } })).rejects.toThrow(
      "holds 'w' as float32 [3, 2], not float32 [2, 3]",
    )
    await expect(store.take(['ww'])).rejects.toThrow("the store has no 'ww' (did you mean w")
    await store.release()
  })

  it('wants a device that exists', () => {
    expect(() => new Runtime({ device: 'gpu' })).toThrow("unknown device 'gpu'")
    expect(() => new Runtime({ device: 'gpu' })).toThrow('devices are cpu, webgpu, cuda')
  })

  it('says so after the runtime was closed, and to those who still wait', async () => {
    const other = new Runtime({ device: 'cpu', threads: 1 })
    const exe = await other.load(step())
    const waiting = expect(exe.run({ x: new Float32Array(6), w: new Float32Array(6) })).rejects.toThrow(
      'the runtime is closed',
    )
    await other.close()
    await waiting
    await expect(exe.run({ x: new Float32Array(6), w: new Float32Array(6) })).rejects.toThrow(
      'the runtime is closed',
    )
    await expect(other.createStore()).rejects.toThrow('the runtime is closed')
  })

  it('does not hold up a process that forgot to close', () => {
    const index = new URL('./index.ts', import.meta.url).href
    const script = `
      import { compile, input, Runtime } from ${JSON.stringify(index)}
      const runtime = new Runtime({ device: 'cpu', threads: 1 })
      const { y } = await runtime.evaluate(compile({ y: input('x', [2]).exp() }), { x: new Float32Array(2) })
      console.log(Array.from(y.data).join())`
    const run = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      encoding: 'utf8',
      timeout: 50_000,
    })
    expect([run.stdout.trim(), run.status, run.signal]).toEqual(['1,1', 0, null])
  })

  it.each([
    ['closed', 'await runtime.close()', ['rejected closed', 0, null]],
    ['interrupted', 'endInterrupted()', ['', null, 'SIGINT']],
  ])('ends in the middle of a run when it is %s, without a crash', (_, end, expected) => {
    const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
    const script = `
      import { endInterrupted } from ${at('../base/interrupt.ts')}
      import { compile, input, Runtime } from ${at('./index.ts')}
      const runtime = new Runtime({ device: 'cpu', threads: 1 })
      const x = input('x', [1000, 1000])
      let y = x
      for (let i = 0; i < 30; i++) y = y.matmul(x)
      const program = await runtime.load(compile({ y }))
      const run = program.run({ x: new Float32Array(1e6) }).catch(() => process.stdout.write('rejected '))
      await new Promise((resolve) => setTimeout(resolve, 100))
      ${end}
      await run
      console.log('closed')`
    const args = ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', script]
    const { stdout, status, signal } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: 50_000,
    })
    expect([stdout.trim(), status, signal]).toEqual(expected)
  })
})
