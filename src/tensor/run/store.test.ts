import { expect, it } from 'vitest'
import { type HostTensor, Runtime } from '../index.ts'
import { train } from '../testing/training.ts'

it('ten steps with the state on the device equal ten steps that feed it', async () => {
  await using runtime = new Runtime({ device: 'cpu', threads: 1 })
  const inStore = await train(runtime)
  const fed = await train(runtime, { resident: false })
  expect(fed).toEqual(inStore)
  expect(inStore.halfway.count).toEqual([4])
})

it('hands out copies', async () => {
  await using runtime = new Runtime({ device: 'cpu', threads: 1 })
  const store = await runtime.createStore()
  const data = Float32Array.of(1, 2)
  const w: HostTensor = { dtype: 'float32', shape: [2], data }
  await store.put({ w })
  data.fill(7)
  const first = await store.take()
  ;(first.w.data as Float32Array).fill(9)
  expect((await store.take(['w'])).w).toEqual({ ...w, data: Float32Array.of(1, 2) })
})
