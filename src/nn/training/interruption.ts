import { endInterrupted } from '../../base/interrupt.ts'

/**
 * Whether training should stop after the current step: by an AbortSignal, or without one by Ctrl-C (SIGINT). A second
 * Ctrl-C does not wait.
 */
export class Interruption {
  private readonly signal: AbortSignal | undefined
  /** Ctrl-C was pressed: the process ends with 130 when all is saved. */
  byUser = false
  private readonly listener = () => {
    if (this.byUser) endInterrupted()
    this.byUser = true
  }

  constructor(signal: AbortSignal | undefined) {
    this.signal = signal
    if (!signal) process.on('SIGINT', this.listener)
  }

  get requested(): boolean {
    return this.byUser || (this.signal?.aborted ?? false)
  }

  end(): void {
    process.off('SIGINT', this.listener)
  }
}
