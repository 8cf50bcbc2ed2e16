import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * Writes a whole file or nothing: into a temporary neighbour, flushed to disk, then renamed over `path`.
 * A reader sees the old file or the new one, also when the process is killed or the disk is full half-way.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array | readonly Uint8Array[]) {
  await replaceAtomic(path, async (temporary) => {
    const handle = await open(temporary, 'wx')
    try {
      const chunks = Array.isArray(data) ? (data as readonly Uint8Array[]) : [data as string | Uint8Array]
      for (const chunk of chunks) await handle.writeFile(chunk)
      await handle.sync()
    } finally {
      await handle.close()
    }
  })
}

/** What is being written. A process that ends itself, as after Ctrl-C, takes it along; `kill -9` leaves it, unread. */
const unfinished = new Set<string>()
let watching = false

function watchExit(): void {
  if (watching) return
  watching = true
  process.on('exit', () => {
    for (const path of unfinished) rmSync(path, { force: true, recursive: true })
  })
}

/**
 * A path beside `path` to write at and then rename. What is there goes if the process ends before `settle` is called.
 */
export function temporaryBeside(path: string): { readonly temporary: string; settle(): void } {
  const temporary = join(dirname(path), `.${basename(path)}.tmp-${process.pid}-${randomUUID().slice(0, 8)}`)
  watchExit()
  unfinished.add(temporary)
  return { temporary, settle: () => void unfinished.delete(temporary) }
}

/** Lets `write` make a file or a folder at a temporary path beside `path`, then renames it to `path`. */
export async function replaceAtomic(path: string, write: (temporary: string) => Promise<void>) {
  await mkdir(dirname(path), { recursive: true })
  const { temporary, settle } = temporaryBeside(path)
  try {
    await write(temporary)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true, recursive: true })
    throw error
  } finally {
    settle()
  }
}
