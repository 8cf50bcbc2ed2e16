import { execFileSync, spawn } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'

/** How a process is disturbed: Ctrl-C reaches its whole group, as on a terminal; kill -9 the process alone. */
export type Disturbance = 'SIGINT' | 'SIGKILL'

export interface Ended {
  /** 130 also where Ctrl-C came before Node could listen: a shell says so of a process that SIGINT has ended. */
  readonly code: number | 'SIGKILL' | string
  /** From its start to its end. */
  readonly seconds: number
  /** Whether it was still running when the moment came. */
  readonly disturbed: boolean
  /** From the signal to the end of the last process of the group, seconds. */
  readonly lingering: number
  /** Processes of the group that were still there after `patience`; they were ended. */
  readonly orphans: number
  /** What it printed, for messages. */
  readonly said: string
}

/** How long children may take to notice that nobody waits for them, seconds. */
const patience = 30

/** Runs a program in a process group of its own; with a disturbance it gets that signal after `moment` seconds. */
export async function runDisturbed(
  argv: readonly string[],
  cwd: string,
  disturbance?: { readonly signal: Disturbance; readonly moment: number },
): Promise<Ended> {
  const started = performance.now()
  const since = (from: number) => (performance.now() - from) / 1000
  const child = spawn(process.execPath, argv, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const group = child.pid as number
  // Ctrl-C of the experiment itself does not reach another group.
  const stop = () => end(-group)
  process.once('exit', stop)
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      said = (said + text).slice(-4000)
    })
  // Not 'close': children that live on hold the pipes.
  const exited = new Promise<number | string>((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : (signal as string))))
  })
  const over = new AbortController()
  let signalled = started
  let disturbed = false
  if (disturbance)
    void setTimeout(1000 * disturbance.moment, undefined, { signal: over.signal })
      .then(() => {
        signalled = performance.now()
        disturbed = true
        process.kill(disturbance.signal === 'SIGINT' ? -group : group, disturbance.signal)
      })
      .catch(() => {})
  const code = await exited
  over.abort()
  const seconds = since(started)
  const ended = performance.now()
  let left = alive(group)
  let last = ended
  while (left.length > 0 && since(ended) < patience) {
    await setTimeout(50)
    left = alive(group)
    last = performance.now()
  }
  const lingering = disturbed ? (last - signalled) / 1000 : 0
  for (const pid of left) end(pid)
  process.removeListener('exit', stop)
  return { code, seconds, disturbed, lingering, orphans: left.length, said }
}

/** Ends a process, or a group by its negative number, if it is still there. */
function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** The processes of a group that still run: what has ended and waits to be asked for (Z) does not count. */
function alive(group: number): number[] {
  const list = execFileSync('ps', ['-A', '-o', 'pid=,pgid=,stat='], { encoding: 'utf8' })
  return list.split('\n').flatMap((line) => {
    const [pid, pgid, state] = line.trim().split(/\s+/)
    return Number(pgid) === group && !state.startsWith('Z') ? [Number(pid)] : []
  })
}
