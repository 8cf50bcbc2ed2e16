import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AlignDaError } from '../../base/errors.ts'
import { root } from './config.ts'

const running = new Set<ChildProcess>()

/** A script of the experiments by its path from src/experiments, without ending: in the source and in the build. */
export function experimentScript(path: string): string {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return fileURLToPath(new URL(`../${path}.${ending}`, import.meta.url))
}

/** A script that only the repository has; undefined in the package. */
export function repositoryScript(path: string): string | undefined {
  const file = join(root, path)
  return existsSync(file) ? file : undefined
}

/**
 * Runs a script in a process of its own, with what it prints going where this process prints.
 * @throws AlignDaError with its exit code, or the signal that ended it
 */
export async function runScript(script: string, args: readonly string[]): Promise<void> {
  const loader = script.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : []
  const child = spawn(process.execPath, [...loader, script, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const kill = () => child.kill('SIGKILL')
  running.add(child)
  process.once('exit', kill)
  try {
    await new Promise<void>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code, signal) => {
        if (code === 0) return resolve()
        const how = signal ? `was ended by ${signal}` : `ended with code ${code}`
        reject(
          new AlignDaError(`${basename(join(script, '..'))}/${basename(script)} ${args.join(' ')} ${how}`),
        )
      })
    })
  } finally {
    running.delete(child)
    process.removeListener('exit', kill)
  }
}

/** Interrupts the scripts that run and waits for their end. */
export async function interruptScripts(): Promise<void> {
  await Promise.all(
    [...running].map((child) => {
      const closed = new Promise((resolve) => child.once('close', resolve))
      child.kill('SIGINT')
      return closed
    }),
  )
}
