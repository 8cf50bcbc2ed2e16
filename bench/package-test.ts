import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Builds and packs the package, installs it in an empty folder without development dependencies, and uses it there
 * as a user would: the command line, the library from JavaScript, its types from TypeScript.
 */
const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'align-da-package-'))
const started = performance.now()
const run = (what: string, command: string, args: readonly string[], cwd: string) => {
  const out = execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  console.log(`${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${what}`)
  return out
}
const check = (good: boolean, what: string) => {
  if (!good) throw new Error(`the package fails: ${what}`)
}

const javascript = `
import { ConfigError, DataError, loadSeries, mse, openForecaster, openStates, Runtime, shippedModels, shippedSamples } from 'align-da'
const runtime = new Runtime({ device: 'cpu' })
const model = await openForecaster(runtime, shippedModels)
const nature = await loadSeries(shippedSamples + '/nature-run.zarr', model)
const forecast = await model.forecast(nature.at(0), [nature.times[0]], 4)
console.log(JSON.stringify({ forecast: mse(forecast, nature.at(4)), persistence: mse(nature.at(0), nature.at(4)) }))
await openStates('nowhere.zarr').then(() => process.exit(2), (e) => e instanceof DataError || process.exit(3))
try { new Runtime({ device: 'abacus' }) } catch (e) { if (!(e instanceof ConfigError)) process.exit(4) }
await model.close()
await runtime.close()
`
const typescript = `
import { type Guidance, guidanceBy, Runtime, rmse, type Tensor } from 'align-da'
export const mine: Guidance = guidanceBy('mine', false, (observed) => (_z, _t, { z0 }) => {
  const e: Tensor = observed.departure(z0)
  return { z0: z0.add(observed.linearise(z0).adjoint(e).mul(0.1)) }
})
export const device: string = new Runtime().device
export const score: number = rmse(new Float32Array(4), new Float32Array(4))
// @ts-expect-error: a number is no field
rmse(1, 2)
`

try {
  run('built', 'npm', ['run', '--silent', 'build'], root)
  run('packed', 'npm', ['pack', '--silent', '--pack-destination', folder], root)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const home = join(folder, 'user')
  mkdirSync(home)
  writeFileSync(join(home, 'package.json'), '{ "private": true, "type": "module" }\n')
  // Without its scripts: that of onnxruntime-node downloads CUDA libraries, which most users do not need.
  const install = ['install', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--silent']
  run('installed', 'npm', [...install, join(folder, `align-da-${version}.tgz`)], home)

  const bin = join(home, 'node_modules/.bin/align-da')
  const help = run('align-da --help', bin, ['--help'], home)
  check(/\n {2}doctor/.test(help), 'there is no command doctor')
  const doctor = JSON.parse(run('align-da doctor', bin, ['doctor', '--json'], home)) as { ok: boolean }
  check(doctor.ok, 'align-da doctor is not content')

  writeFileSync(join(home, 'example.js'), javascript)
  const scores = JSON.parse(run('the library from JavaScript', 'node', ['example.js'], home)) as Record<
    string,
    number
  >
  check(scores.forecast < scores.persistence / 3, `a forecast errs by ${JSON.stringify(scores)}`)

  writeFileSync(join(home, 'example.ts'), typescript)
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023']
  const lib = [
    '--lib',
    'es2023,esnext.disposable',
    '--typeRoots',
    join(root, 'node_modules/@types'),
    '--types',
    'node',
  ]
  run('its types', join(root, 'node_modules/.bin/tsc'), [...options, ...lib, 'example.ts'], home)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
