import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { sharedData } from '../src/base/testing.ts'
import { messagesIn } from '../src/io/prepbufr/framing.ts'
import { decodePrepbufr, readPrepbufr } from '../src/io/prepbufr/prepbufr.ts'

export interface PrepbufrTiming {
  readonly file: string
  readonly megabytes: number
  readonly messages: number
  readonly rows: number
  /** First read in the process, seconds: what a command that reads one file pays. */
  readonly first: number
  /** Median of the following reads from memory, seconds. */
  readonly median: number
  readonly messagesPerSecond: number
}

/** Times the decoding of whole PrepBUFR files into observation tables; the fixture alone without the shared data. */
export async function benchPrepbufr(repeats = 7): Promise<PrepbufrTiming[]> {
  const out: PrepbufrTiming[] = []
  for (const { name, bytes, path } of files()) {
    const start = performance.now()
    const { length: rows } = path ? await readPrepbufr(path) : decodePrepbufr(bytes)
    const first = (performance.now() - start) / 1000
    const times = Array.from({ length: repeats }, () => {
      const from = performance.now()
      decodePrepbufr(bytes)
      return (performance.now() - from) / 1000
    }).sort((a, b) => a - b)
    const median = times[Math.floor(repeats / 2)]
    const messages = [...messagesIn(bytes)].length
    out.push({
      file: name,
      megabytes: bytes.length / 1e6,
      messages,
      rows,
      first,
      median,
      messagesPerSecond: messages / median,
    })
  }
  return out
}

function files(): { name: string; bytes: Uint8Array; path?: string }[] {
  if (!sharedData) {
    const url = new URL('../src/io/prepbufr/fixtures/adpupa.prepbufr.gz', import.meta.url)
    return [{ name: 'adpupa fixture', bytes: gunzipSync(readFileSync(url)) }]
  }
  const names = ['gdas.20201101.t12z.ADPUPA.prepbufr', 'rap.t06z.adpsfc.prepbufr.tm00']
  return names.map((n) => {
    const path = join(sharedData!, 'real', n)
    return { name: basename(path), bytes: readFileSync(path), path }
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const t of await benchPrepbufr())
    console.log(
      `${t.file}: ${t.megabytes.toFixed(1)} MB, ${t.messages} messages, ${t.rows} rows: first read ` +
        `${t.first.toFixed(3)} s, then ${t.median.toFixed(3)} s, ${Math.round(t.messagesPerSecond)} messages/s`,
    )
}
