import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Each command is a process of its own; on a busy machine that takes its time (milliseconds). */
export const patience = 600_000

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

/** What a command left. */
export interface Result {
  code: number | null
  out: string
  err: string
}

/** Runs the command line as a user would, in a process of its own. */
export function align(
  args: readonly string[],
  { interruptAt }: { interruptAt?: RegExp } = {},
): Promise<Result> {
  // Without tsx's own wrapper process a signal reaches the program itself.
  const argv = ['--import', 'tsx', main, ...args]
  const child = spawn(process.execPath, argv, { env: { ...process.env, NO_COLOR: '1' } })
  let interrupted = false
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
    if (interrupted || !interruptAt?.test(err)) return
    interrupted = true
    child.kill('SIGINT')
  })
  // A shell says 130 of a process that Ctrl-C has ended.
  return new Promise((resolve) =>
    child.on('close', (code, signal) => resolve({ code: signal === 'SIGINT' ? 130 : code, out, err })),
  )
}
