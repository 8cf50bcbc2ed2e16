import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { AlignDaError } from '../../base/errors.ts'

export interface ShardOptions {
  readonly folder: string
  readonly processes: number
  readonly threads: number
  readonly device?: string
  readonly onCase?: (done: number, note: string) => void
}

/** What a shard says to the process that started it. */
export interface ShardMessage {
  readonly note: string
}

/**
 * Runs a configuration in several processes that share its dates, and waits for them.
 * @throws AlignDaError when one fails; the others are ended
 */
export async function forkShards(config: string, options: ShardOptions): Promise<void> {
  const { folder, processes, threads, device, onCase } = options
  const source = import.meta.url.endsWith('.ts')
  const entry = fileURLToPath(new URL(source ? './shard.ts' : './shard.js', import.meta.url))
  const children: ChildProcess[] = []
  const stop = () => {
    for (const child of children) child.kill('SIGKILL')
  }
  process.once('exit', stop)
  let done = 0
  try {
    await Promise.all(
      Array.from({ length: processes }, (_, index) => {
        const args = JSON.stringify({ config, folder, threads, device, shard: { index, count: processes } })
        const child = fork(entry, [args], {
          // Found from here: a name would be looked up from the folder that the process was started in.
          execArgv: source ? ['--import', import.meta.resolve('tsx')] : [],
          stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        })
        children.push(child)
        child.on('message', ({ note }: ShardMessage) => onCase?.(++done, note))
        return new Promise<void>((resolve, reject) => {
          child.on('error', reject)
          child.on('close', (code, signal) =>
            code === 0
              ? resolve()
              : reject(
                  new AlignDaError(
                    `process ${index + 1} of ${processes} ended with ${signal ?? code}; what is done is kept, run again to go on`,
                  ),
                ),
          )
        })
      }),
    )
  } finally {
    stop()
    process.removeListener('exit', stop)
  }
}
