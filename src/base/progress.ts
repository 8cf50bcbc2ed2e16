/** Where progress goes: a line rewritten in place on a terminal, a line now and then in a log. */
export interface Progress {
  /** `done` of the total units are finished; `note` is shown beside the bar (a loss, a date). */
  update(done: number, note?: string): void
  /** Finishes the line. */
  end(note?: string): void
}

/**
 * Progress with an estimate of the time left, on standard error so that standard output stays machine-readable.
 * On a terminal the line is redrawn at most ten times a second; elsewhere a line is printed every `logEvery` seconds.
 */
export function progress(
  label: string,
  total: number,
  { logEvery = 15, stream = process.stderr } = {},
): Progress {
  const start = performance.now()
  let first = -1
  let last = -Infinity
  let width = 0
  const line = (done: number, note: string) => {
    const elapsed = (performance.now() - start) / 1000
    const fresh = done - Math.max(first, 0)
    const left = fresh > 0 ? (elapsed / fresh) * (total - done) : Number.NaN
    const share = total > 0 ? `${Math.floor((100 * done) / total)}%`.padStart(4) : ''
    const eta =
      done >= total ? `took ${clock(elapsed)}` : Number.isFinite(left) ? `left ${clock(left)}` : 'left ?'
    return `${label} ${share} ${done}/${total}  ${eta}${note ? `  ${note}` : ''}`
  }
  const draw = (text: string, final: boolean) => {
    if (stream.isTTY) {
      stream.write(`\r${text.padEnd(width)}${final ? '\n' : ''}`)
      width = text.length
    } else stream.write(`${text}\n`)
  }
  return {
    update(done, note = '') {
      // What was done before the first report (a resumed run) says nothing about the speed of this one.
      if (first < 0) first = done > 1 ? done : 0
      const now = performance.now()
      if (now - last < (stream.isTTY ? 100 : 1000 * logEvery)) return
      last = now
      draw(line(done, note), false)
    },
    end(note = '') {
      draw(line(total, note), true)
    },
  }
}

/** Seconds as 12s, 3m05s or 2h07m. */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.round(seconds))
  if (s < 60) return `${s}s`
  if (s < 3600) return `${Math.floor(s / 60)}m${String(s % 60).padStart(2, '0')}s`
  return `${Math.floor(s / 3600)}h${String(Math.floor((s % 3600) / 60)).padStart(2, '0')}m`
}
