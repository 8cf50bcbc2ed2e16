import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { messagesIn, messagesOf } from './framing.ts'
import { parseMessage } from './message.ts'
import { decodePrepbufr, readPrepbufr } from './prepbufr.ts'
import { fixture, makeMessage } from './testing/files.ts'

const good = fixture('adpupa.prepbufr.gz')
/** Length of the last of the nine messages. */
const last = [...messagesIn(good)].at(-1)!.bytes.length
const starts = [...messagesIn(withGaps(good))].map((m) => m.offset)

/** The fixture has its messages end to end; files have zeros between them. */
function withGaps(bytes: Uint8Array): Uint8Array {
  const parts = [...messagesIn(bytes)].flatMap((m) => [m.bytes, new Uint8Array(6)])
  return Uint8Array.from(Buffer.concat(parts))
}

async function onDisk(bytes: Uint8Array): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'align-da-')), 'file.prepbufr')
  await writeFile(path, bytes)
  return path
}

const cases: [string, Uint8Array, RegExp][] = [
  ['an empty file', new Uint8Array(0), /no BUFR message found in 0 bytes/],
  ['text', new TextEncoder().encode('nothing of the kind'), /no BUFR message found/],
  ['a long text', new TextEncoder().encode('x'.repeat(5000)), /neither a BUFR message nor padding/],
  [
    'a file cut inside a message',
    good.subarray(0, good.length - 3000),
    /message 9 at byte \d+: needs \d+ bytes.*cut short/,
  ],
  [
    'a file cut inside the first 8 bytes of a message',
    good.subarray(0, good.length - last + 4),
    /message 9 at byte \d+: needs 8 bytes/,
  ],
  ['a wrong end mark', patched(good, good.length - 2, 0), /message 9 .*7777/],
  ['a wrong edition', patched(good, 7, 9), /message 1 at byte 0: BUFR edition 9/],
  ['a damaged start mark', patched(good, good.length - last, 0), /\d+ bytes from byte \d+ on are neither/],
  ['no dictionary', good.subarray(good.length - last), /data before any embedded dictionary/],
]

function patched(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice()
  copy[at] = value
  return copy
}

describe('damage is told with its place, in memory and on disk', () => {
  it.each(cases)('%s', async (_, bytes, message) => {
    expect(() => decodePrepbufr(bytes)).toThrow(message)
    await expect(readPrepbufr(await onDisk(bytes))).rejects.toThrow(message)
  })

  it('a subset that does not end where its length says', () => {
    // The first bits of a data section: the length of the first subset.
    const message = [...messagesIn(good)].at(-1)!
    const at = message.offset + message.dataStart
    expect(() => decodePrepbufr(patched(good, at + 1, good[at + 1] ^ 1))).toThrow(
      /message 9 .*subset 1.*padding/,
    )
    expect(() => decodePrepbufr(patched(good, at, 255))).toThrow(
      /message 9 .*subset 1 of \d: claims \d+ bytes at byte/,
    )
  })

  it('a dictionary entry that is none', () => {
    const first = [...messagesIn(good)][0]
    const at = first.dataStart + 1 + 20 * 67 + 1
    expect(() => decodePrepbufr(patched(good, at + 2, 0x41))).toThrow(
      /message 1 at byte 0: embedded dictionary: '.*' is no/,
    )
  })
})

describe('framing', () => {
  it('passes over padding and headings, in pieces of any size', async () => {
    const heading = new TextEncoder().encode('\r\r\n001\r\r\nIUSX01 KWBC 011200\r\r\n')
    const bytes = Uint8Array.from(Buffer.concat([heading, withGaps(good), new Uint8Array(3000)]))
    const expected = starts.map((s) => s + heading.length)
    expect([...messagesIn(bytes)].map((m) => m.offset)).toEqual(expected)
    const path = await onDisk(bytes)
    for (const window of [16, 1000, 8192, 1 << 20]) {
      const found: number[] = []
      for await (const m of messagesOf(path, window)) {
        expect(m.bytes).toEqual(bytes.slice(m.offset, m.offset + m.bytes.length))
        found.push(m.offset)
      }
      expect(found).toEqual(expected)
    }
  })

  it.each([2, 3, 4])('reads the sections of edition %i, with and without section 2', (edition) => {
    for (const section2 of [0, 9]) {
      const parts = {
        edition,
        section2,
        category: 5,
        subcategory: 7,
        subsets: 3,
        descriptors: ['063000', '348102'],
      }
      const m = parseMessage(makeMessage({ ...parts, data: [1, 2, 3] }), 1, 0)
      expect(m).toMatchObject({ edition, category: 5, subcategory: 7, subsets: 3, compressed: false })
      expect(m.descriptors).toEqual([0x3f00, 0xf066])
      expect([...m.bytes.subarray(m.dataStart, m.dataEnd)]).toEqual([1, 2, 3])
      expect(new Date(m.time).toISOString()).toBe('2020-11-01T12:00:00.000Z')
    }
  })
})
