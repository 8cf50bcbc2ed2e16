import { setTimeout as pause } from 'node:timers/promises'
import { DataError } from '../base/errors.ts'

export interface HttpOptions {
  /** Milliseconds without a byte before an attempt is given up (default 30 000). */
  readonly timeout?: number
  /** Further attempts after a failed one (default 4), with pauses of 0.2, 0.4, 0.8 ... s. */
  readonly retries?: number
  /** The largest answer to accept, in bytes (default 2 GiB). */
  readonly maxBytes?: number
}

export interface HttpAnswer {
  readonly status: number
  readonly bytes: Uint8Array
  /** The length of the whole resource, where the server says it. */
  readonly total?: number
}

export type Range = { readonly offset: number; readonly length: number } | { readonly suffixLength: number }

/** The server forbids it (403); storage services answer so for absent keys of buckets that cannot be listed. */
export class ForbiddenError extends DataError {}

/** An answer that will be the same the next time, so is not asked for again. */
class Final extends DataError {}

/**
 * Fetches `url`, or a byte range of it, whole: a stalled, dropped or shortened answer and the statuses 408, 425,
 * 429 and 5xx are tried again; redirects are followed.
 * @returns undefined for 404 and 410 (absent).
 * @throws DataError that names the address and what the server said.
 */
export async function fetchBytes(
  url: string,
  range?: Range,
  { timeout = 30_000, retries = 4, maxBytes = 2 ** 31 }: HttpOptions = {},
): Promise<HttpAnswer | undefined> {
  let last: unknown
  for (let attempt = 0; attempt <= retries; attempt++) {
    if (attempt) await pause(Math.min(200 * 2 ** (attempt - 1), 10_000))
    try {
      return await once(url, range, timeout, maxBytes)
    } catch (error) {
      if (error instanceof ForbiddenError) throw error
      if (error instanceof Final) throw new DataError(error.message)
      last = error
    }
  }
  const tries = retries ? ` after ${retries + 1} attempts` : ''
  throw new DataError(`${url}: ${reason(last, timeout)}${tries}`, { cause: last })
}

async function once(url: string, range: Range | undefined, timeout: number, maxBytes: number) {
  const control = new AbortController()
  let timer = setTimeout(() => control.abort(), timeout)
  const alive = () => {
    clearTimeout(timer)
    timer = setTimeout(() => control.abort(), timeout)
  }
  try {
    const headers: Record<string, string> = { 'accept-encoding': 'identity' }
    if (range) headers.range = `bytes=${rangeText(range)}`
    const response = await fetch(url, { headers, signal: control.signal })
    alive()
    if (response.status === 404 || response.status === 410) {
      await response.body?.cancel()
      return undefined
    }
    if (!response.ok) {
      await response.body?.cancel()
      throw refusal(url, response.status, range)
    }
    const announced = response.headers.get('content-length')
    if (announced && Number(announced) > maxBytes) {
      await response.body?.cancel()
      throw new Final(
        `${url}: answers with ${announced} bytes, more than the ${maxBytes} asked for or allowed`,
      )
    }
    const parts: Uint8Array[] = []
    let length = 0
    for await (const part of response.body ?? []) {
      alive()
      parts.push(part as Uint8Array)
      length += part.length
      if (length > maxBytes) throw new Final(`${url}: sends more than ${maxBytes} bytes`)
    }
    // Redirected or encoded answers may announce the length of another body; only a plain one is checked.
    if (announced && !response.headers.get('content-encoding') && Number(announced) !== length)
      throw new Error(`sent ${length} of ${announced} bytes`)
    return pick(url, response, join(parts, length), range)
  } finally {
    clearTimeout(timer)
  }
}

/** A server may ignore `Range` and send all (200): the part is then cut here. */
function pick(url: string, response: Response, bytes: Uint8Array, range: Range | undefined): HttpAnswer {
  const { status } = response
  if (!range) return { status, bytes, total: bytes.length }
  if (status === 206) {
    const total = Number(/\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1] ?? Number.NaN)
    const wanted = 'offset' in range ? range.length : range.suffixLength
    if (bytes.length > wanted) throw new Final(`${url}: sends ${bytes.length} bytes for a range of ${wanted}`)
    return { status, bytes, total: Number.isFinite(total) ? total : undefined }
  }
  const from = 'offset' in range ? range.offset : Math.max(0, bytes.length - range.suffixLength)
  const to = 'offset' in range ? range.offset + range.length : bytes.length
  return { status, bytes: bytes.subarray(from, to), total: bytes.length }
}

function refusal(url: string, status: number, range: Range | undefined): Error {
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    return new Error(`the server answers ${status}`)
  const Kind = status === 403 ? ForbiddenError : Final
  const meaning: Record<number, string> = {
    400: 'the server does not understand the request (400)',
    401: 'it wants a login (401): only public addresses are read',
    403: 'access is forbidden (403): the address is not public, or names nothing',
    416: `it has no bytes ${range ? rangeText(range) : ''} (416): the file is shorter than it should be`,
  }
  return new Kind(`${url}: ${meaning[status] ?? `the server answers ${status}`}`)
}

function rangeText(range: Range): string {
  return 'offset' in range ? `${range.offset}-${range.offset + range.length - 1}` : `-${range.suffixLength}`
}

function reason(error: unknown, timeout: number): string {
  if (error instanceof Error && error.name === 'AbortError') return `no answer for ${timeout / 1000} s`
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : ''
  return (error instanceof Error ? error.message : String(error)) + cause
}

function join(parts: Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0]
  const all = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
