import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Runtime } from '../../tensor/index.ts'
import { readSafetensors } from '../safetensors.ts'
import { fit } from './fit.ts'
import { tiny } from './testing/tiny.ts'

let folder: string
let runtime: Runtime
const path = (...names: string[]) => join(folder, ...names)
const files = ['best.safetensors', 'checkpoint.safetensors', 'metrics.jsonl', 'weights.safetensors']

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'align-da-'))
  runtime = new Runtime({ device: 'cpu', threads: 2 })
  const result = await fit(tiny(runtime, { folder: path('whole') }))
  expect(result.stopped).toBe('finished')
}, 300_000)
afterAll(async () => {
  await runtime.close()
  await rm(folder, { recursive: true })
})

/** Runs training in a process of its own and sends it `signal` once batch `last` has been made. */
async function interrupted(run: string, signal: NodeJS.Signals, last: number) {
  const script = fileURLToPath(new URL('./testing/tiny-process.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', script, path(run)])
  let messages = ''
  child.stderr.on('data', (text) => {
    messages += text
  })
  let sent = false
  child.stdout.on('data', (text) => {
    if (
      sent ||
      !String(text)
        .split('\n')
        .some((line) => line !== '' && Number(line) >= last)
    )
      return
    sent = true
    child.kill(signal)
  })
  const [code, by] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.on('close', (...end) => resolve(end))
  })
  return { code, by, messages }
}

async function expectSame(run: string) {
  expect((await readdir(path(run))).sort()).toEqual(files)
  for (const name of files) {
    const [a, b] = await Promise.all([readFile(path('whole', name)), readFile(path(run, name))])
    expect(`${name} ${a.equals(b)}`).toBe(`${name} true`)
  }
}

// Processes of their own start slowly on a busy machine.
describe('a run that is stopped and started again ends with the same bits', { timeout: 300_000 }, () => {
  it('after SIGKILL, twice', async () => {
    expect((await interrupted('killed', 'SIGKILL', 37)).by).toBe('SIGKILL')
    expect(await readdir(path('killed'))).not.toContain('weights.safetensors')
    // What a kill in the middle of writing would leave.
    await writeFile(path('killed', '.checkpoint.safetensors.tmp-1-abc'), 'half')
    await writeFile(path('killed', 'metrics.jsonl'), '{"step": 1000, "lo', { flag: 'a' })
    expect((await interrupted('killed', 'SIGKILL', 88)).by).toBe('SIGKILL')
    const result = await fit(tiny(runtime, { folder: path('killed') }))
    expect(result.step).toBe(60)
    await expectSame('killed')
  })

  it('after Ctrl-C, which saves at once and exits with 130', async () => {
    const { code, messages } = await interrupted('stopped', 'SIGINT', 51)
    expect(code).toBe(130)
    const [, step] = /stopped after step (\d+) of 60; the checkpoint of step \1 is in/.exec(messages)!
    const { metadata } = await readSafetensors(path('stopped', 'checkpoint.safetensors'))
    expect(JSON.parse(metadata.progress).step).toBe(Number(step))
    expect(Number(step)).toBeGreaterThan(20)
    await fit(tiny(runtime, { folder: path('stopped') }))
    await expectSame('stopped')
  })

  it('after an abort, and calling a finished run again changes nothing', async () => {
    const stop = new AbortController()
    const seen = (index: number) => index === 30 && stop.abort()
    const first = await fit(tiny(runtime, { folder: path('aborted'), seen, signal: stop.signal }))
    expect(first.stopped).toBe('aborted')
    expect(first.step).toBeLessThan(20)
    await fit(tiny(runtime, { folder: path('aborted') }))
    const again = await fit(tiny(runtime, { folder: path('aborted') }))
    expect(again.step).toBe(60)
    await expectSame('aborted')
  })
})
