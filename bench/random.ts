/** Draws per second of each kind, on one thread: `npm run bench:random`. The best of five passes. */
import { philoxBlocks } from '../src/random/philox.ts'
import { stream } from '../src/random/stream.ts'

const N = 1 << 20
const f32 = new Float32Array(N)
const f64 = new Float64Array(N)
const i32 = new Int32Array(N)
const u32 = new Uint32Array(N)
const noise = stream(1, 'bench')

const kinds: [string, (pass: number) => void][] = [
  ['words (Philox alone)', (pass) => philoxBlocks(u32, N / 4, 0, pass, 0, 0, 1, 2)],
  ['uniform float32', (pass) => noise.uniform(f32, pass * N)],
  ['uniform float64', (pass) => noise.uniform(f64, pass * N)],
  ['normal float32', (pass) => noise.normal(f32, pass * N)],
  ['normal float64', (pass) => noise.normal(f64, pass * N)],
  ['integers below 1000', (pass) => noise.integers(i32, 0, 1000, pass * N)],
  ['permutation', (pass) => noise.child(pass).permutation(N)],
]
for (const [name, draw] of kinds) {
  let best = Infinity
  for (let pass = 0; pass < 5; pass++) {
    const start = performance.now()
    for (let i = 0; i < 8; i++) draw(pass * 8 + i)
    best = Math.min(best, (performance.now() - start) / 8)
  }
  console.log(`${name.padEnd(22)} ${(N / best / 1000).toFixed(1).padStart(7)} M/s`)
}
