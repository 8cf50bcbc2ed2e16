import type { Command } from 'commander'
import { AlignDaError } from '../base/errors.ts'
import { endInterrupted } from '../base/interrupt.ts'

/**
 * Runs the command line. What the user can put right is printed as one message, without a stack, and exits with 1;
 * anything else is a defect and keeps its stack. Ctrl-C ends it, which a shell reports as 130, after temporary files are gone.
 */
export async function run(program: Command, argv: readonly string[]): Promise<void> {
  process.on('SIGINT', interrupt)
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  try {
    await program.parseAsync([...argv])
  } catch (error) {
    if (interrupted) return
    process.stderr.write(`${message(error)}\n`)
    process.exitCode = 1
  }
}

const cleanups = new Set<() => void | Promise<void>>()
let interrupted = false

/** Registers what must be undone when the user interrupts; returns how to take it back. */
export function onInterrupt(cleanup: () => void | Promise<void>): () => void {
  cleanups.add(cleanup)
  return () => cleanups.delete(cleanup)
}

function interrupt(): void {
  // A training loop listens itself: it saves a checkpoint after the step it is in, and ends the process.
  if (process.listenerCount('SIGINT') > 1) return
  // A second Ctrl-C does not wait.
  if (interrupted) endInterrupted()
  interrupted = true
  void Promise.allSettled([...cleanups].map((cleanup) => cleanup())).then(() => {
    process.stderr.write('\ninterrupted; nothing half-written is left\n')
    endInterrupted()
  })
}

const ordinary = ['ENOENT', 'EACCES', 'EISDIR', 'ENOTDIR', 'ENOSPC', 'EROFS', 'EPERM', 'EMFILE']

function message(error: unknown): string {
  if (error instanceof AlignDaError) return `error: ${error.message}`
  if (error instanceof Error) {
    const { code, path } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return `error: ${path ?? 'a file'} does not exist`
    if (code && ordinary.includes(code)) return `error: ${error.message}`
    return `unexpected error, please report it: ${error.stack ?? error.message}`
  }
  return `unexpected error: ${String(error)}`
}
