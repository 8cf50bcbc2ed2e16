/**
 * Ends the process as Ctrl-C does where nobody listens: at once, and a shell reports 130. `process.exit` waits for
 * threads, and ONNX Runtime, told in the middle of a run that its thread ends, aborts the process (134, with a dump).
 * What is registered for 'exit' is done first: files half-written go, and processes that were started.
 */
export function endInterrupted(): never {
  process.emit('exit', 130)
  process.removeAllListeners('SIGINT')
  process.kill(process.pid, 'SIGINT')
  // The signal may reach another thread first: nothing more is done here meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000)
  process.exit(130)
}
