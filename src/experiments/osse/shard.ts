import { readFile } from 'node:fs/promises'
import type { OsseConfig } from './config.ts'
import type { ShardMessage } from './processes.ts'
import { type OsseOptions, runOsse } from './run.ts'

/** A process of an experiment, started by `forkShards`: its argument says which dates are its own. */
const { config, ...options } = JSON.parse(process.argv[2]) as OsseOptions & { config: string }
// Without the process that started it nobody waits for the results. A signal, not `process.exit`, which ONNX Runtime
// answers with an abort when it is in the middle of a run.
const end = () => process.kill(process.pid, 'SIGKILL')
process.on('disconnect', end)
// It may have gone while this one started: then the event is past.
if (!process.connected) end()
let last = 0
await runOsse(JSON.parse(await readFile(config, 'utf8')) as OsseConfig, {
  ...options,
  onProgress(done, _, note) {
    if (last > 0 || note) process.send?.({ note } satisfies ShardMessage)
    last = done
  },
})
process.removeAllListeners('disconnect')
process.disconnect?.()
