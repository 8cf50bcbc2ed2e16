import { freemem } from 'node:os'
import { ConfigError } from '../base/errors.ts'

/** Bytes that this process may still use. */
export function availableMemory(): number {
  return typeof process.availableMemory === 'function' ? process.availableMemory() : freemem()
}

/**
 * @throws {ConfigError} when an analysis of so many members is estimated to need more bytes than there are, with
 * how many members would fit
 */
export function refuseBeyondMemory(
  members: number,
  {
    perMember,
    fixed = 0,
    available = availableMemory(),
  }: { perMember: number; fixed?: number; available?: number },
): void {
  const needed = fixed + perMember * members
  if (needed <= available) return
  const fit = Math.max(0, Math.floor((available - fixed) / perMember))
  throw new ConfigError(
    `${members} members need about ${size(needed)} of memory and ${size(available)} are available: ${
      fit > 0 ? `ask for at most ${fit}` : 'not even one fits'
    }`,
  )
}

function size(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}
