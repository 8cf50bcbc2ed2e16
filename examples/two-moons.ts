import { nn, scatterChart, stream, type Tensor, tensor, writeFigure } from 'align-da'

const { dense, fit, mlp, Parameters, rmsNorm, timeConditioning } = nn
const { compile, constant, input, Runtime, scan } = tensor

const [n, turns] = [512, 50]
const [x, noise, t] = [input('x', [n, 2]), input('noise', [n, 2]), input('t', [n])]

// The way from data to noise at points x and times t, 0 (data) to 1 (noise): a small residual network.
function velocity(p: nn.Parameters, x: Tensor, t: Tensor): Tensor {
  let h = dense(p.scope('in'), x, 64).add(timeConditioning(p.scope('time'), t.mul(1000), 64))
  for (const block of ['a', 'b', 'c']) h = h.add(mlp(p.scope(block), rmsNorm(h)))
  return dense(p.scope('out'), h, 2)
}
const normals = (name: string, i: number) => stream(1, name, i).normal(new Float32Array(2 * n))
const uniforms = (name: string, i: number) => stream(1, name, i).uniform(new Float32Array(n))
function batch(i: number) {
  const places = uniforms('moons', i)
  const moons = normals('width', i).map((e, k) => {
    const [angle, side] = [2 * Math.PI * places[k >> 1], places[k >> 1] < 0.5 ? 0.5 : -0.5]
    return (k % 2 ? 1.5 * Math.sin(angle) : Math.cos(angle)) - side + 0.07 * e
  })
  return { x: moons, noise: normals('noise', i), t: uniforms('time', i) }
}

await using runtime = new Runtime()
const parameters = new Parameters()
const way = noise.sub(x)
const error = velocity(parameters, x.add(way.mul(t.reshape(n, 1))), t).sub(way)
const options = { runtime, parameters, loss: error.square().mean(), data: { batch }, steps: 800, seed: 1 }
const { weights } = await fit({ ...options, rate: { rate: 3e-3, warmup: 50 } })

// Fifty steps back from noise to data, one program.
const back = ([y]: Tensor[], [time]: Tensor[]) => ({
  carry: [y.sub(velocity(parameters, y, time).div(turns))],
})
const times = Float32Array.from({ length: turns * n }, (_, k) => 1 - Math.floor(k / n) / turns)
const walk = scan(back, [noise], [constant(times, { shape: [turns, n] })])
const feeds = { noise: normals('samples', 0), ...parameters.feeds(weights) }
const { y } = await runtime.evaluate(compile({ y: walk.carry[0] }), feeds)
const column = (k: number) => Float32Array.from({ length: n }, (_, i) => Number(y.data[2 * i + k]))
await writeFigure('two-moons.png', scatterChart({ x: column(0), y: column(1), title: 'Two moons, sampled' }))
