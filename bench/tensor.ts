/**
 * A DiT-shaped denoiser, forward, gradient with respect to its input and full AdamW step, beside PyTorch where it is
 * installed. Times are also given in units of a 1024 x 1024 x 1024 matrix product, so that machines compare.
 */
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { dit, Parameters, trainStep } from '../src/nn/index.ts'
import { tableText } from '../src/report/table.ts'
import { compile, grad, type HostTensor, input, type Program, Runtime } from '../src/tensor/index.ts'

const [B, T, C, WIDTH, BLOCKS, HEADS] = [16, 128, 128, 256, 6, 8]
const repeats = Number(process.env.REPEATS ?? 7)
const threads = Number(process.env.THREADS ?? availableParallelism())
const cases = ['matmul', 'forward', 'inputGradient', 'step'] as const
type Case = (typeof cases)[number]

interface Measured {
  case: Case
  parameters: number
  ms: number
  compile: number
  session: number
  memory: number
  shares: Record<string, number>
}

/** Runs one case in this process and prints its figures as JSON. */
async function measure(name: Case) {
  const p = new Parameters()
  const [x, context, target] = ['x', 'context', 'target'].map((n) => input(n, [B, T, C]))
  const t = input('t', [B])
  const y = dit(p, x, t, context, { width: WIDTH, blocks: BLOCKS, heads: HEADS })
  const loss = y.sub(target).square().mean()
  const runtime = new Runtime({ threads })
  const store = await runtime.createStore()
  const random = (shape: readonly number[]): HostTensor => ({
    dtype: 'float32',
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.random() - 0.5),
  })
  await store.put(
    Object.fromEntries([x, t, context, target].map((i) => [i.node.attrs.name as string, random(i.shape)])),
  )
  const started = performance.now()
  let program: Program
  let updates: Readonly<Record<string, string>> | undefined
  let feeds = {}
  if (name === 'matmul') {
    const [a, b] = ['a', 'b'].map((n) => input(n, [1024, 1024]))
    await store.put({ a: random(a.shape), b: random(b.shape) })
    program = compile({ corner: a.matmul(b).slice(0, 0) })
  } else {
    await store.put(p.feeds(p.initialise(0)))
    if (name === 'forward') program = compile({ y: y.slice([0, 1]) })
    else if (name === 'inputGradient') program = compile({ dx: grad(loss, [x])[0] })
    else {
      const step = trainStep({ parameters: p, loss, optimiser: { decay: 0.01 } })
      await store.put(step.state())
      ;({ program, updates } = step.batch)
      feeds = step.scalars(1e-4, 1)
    }
  }
  const compiled = performance.now()
  const folder = await mkdtemp(join(tmpdir(), 'align-da-bench-'))
  const executable = await runtime.load(program, { store, ...(updates && { updates }) })
  const loaded = performance.now()
  const times: number[] = []
  for (let i = 0; i < repeats + 2; i++) {
    const from = performance.now()
    await executable.run(feeds)
    times.push(performance.now() - from)
  }
  const memory = process.resourceUsage().maxRSS / 1024
  await executable.release()
  // A second session tells where the time goes; profiling itself costs a little, so it is not the one that is timed.
  const profiled = await runtime.load(program, {
    store,
    ...(updates && { updates }),
    profile: join(folder, 'p'),
  })
  for (let i = 0; i < 3; i++) await profiled.run(feeds)
  await profiled.release()
  const shares = await profileShares(folder)
  await rm(folder, { recursive: true })
  const result: Measured = {
    case: name,
    parameters: p.count,
    ms: Math.min(...times.slice(2)),
    compile: compiled - started,
    session: loaded - compiled,
    memory,
    shares,
  }
  console.log(JSON.stringify(result))
  await runtime.close()
}

const kinds: Record<string, RegExp> = {
  matmul: /Gemm|MatMul/,
  copies: /^(Transpose|Concat|Split|Slice|Pad|Expand|Identity|Reshape|Gather|Unsqueeze|Squeeze)$/,
  'element-wise': /./,
}

/** Share of kernel time by kind of operation, from ONNX Runtime's profile. */
async function profileShares(folder: string): Promise<Record<string, number>> {
  const [file] = await readdir(folder)
  const events = JSON.parse(await readFile(join(folder, file), 'utf8')) as {
    cat?: string
    name: string
    dur: number
    args?: { op_name?: string }
  }[]
  const shares: Record<string, number> = Object.fromEntries(Object.keys(kinds).map((k) => [k, 0]))
  let all = 0
  for (const { cat, name, dur, args } of events) {
    if (cat !== 'Node' || !name.endsWith('_kernel_time')) continue
    const kind = Object.keys(kinds).find((k) => kinds[k].test(args?.op_name ?? '')) as string
    shares[kind] += dur
    all += dur
  }
  for (const k of Object.keys(shares)) shares[k] /= all
  return shares
}

async function torch(): Promise<Record<string, number | string> | undefined> {
  const script = fileURLToPath(new URL('./tensor.py', import.meta.url))
  for (const python of [process.env.PYTHON, '/usr/bin/python3', 'python3'])
    if (python)
      try {
        const { stdout } = await promisify(execFile)(python, [script, String(repeats), String(threads)])
        return JSON.parse(stdout)
      } catch {}
  return undefined
}

async function main() {
  const ours = new Map<Case, Measured>()
  for (const name of cases) {
    const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    for await (const chunk of child.stdout) text += chunk
    ours.set(name, JSON.parse(text) as Measured)
  }
  const other = await torch()
  const unit = (ours.get('matmul') as Measured).ms
  console.log(
    `denoiser: batch ${B}, ${T} tokens of ${C}, width ${WIDTH}, ${BLOCKS} blocks, ${HEADS} heads, ${(ours.get('step') as Measured).parameters} parameters; ${threads} threads`,
  )
  console.log(other ? `beside PyTorch ${other.version}` : 'PyTorch was not found')
  const percent = (v: number) => `${(100 * v).toFixed(0)} %`
  console.log(
    tableText(
      cases.map((name) => {
        const m = ours.get(name) as Measured
        const theirs = Number(other?.[name] ?? Number.NaN)
        return {
          case: name,
          ms: Math.round(m.ms * 10) / 10,
          'in matmuls': Math.round((10 * m.ms) / unit) / 10,
          'PyTorch ms': Math.round(theirs * 10) / 10,
          ratio: Math.round((100 * m.ms) / theirs) / 100,
          'compile + session ms': Math.round(m.compile + m.session),
          'memory MB': Math.round(m.memory),
          matmul: percent(m.shares.matmul),
          'element-wise': percent(m.shares['element-wise']),
          copies: percent(m.shares.copies),
        }
      }),
    ),
  )
  if (other)
    console.log(
      `PyTorch's peak memory: ${Math.round(Number(other.memory))} MB (all of its cases in one process)`,
    )
}

const chosen = cases.find((c) => c === process.argv[2])
await (chosen ? measure(chosen) : main())
