import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { replaceAtomic, writeFileAtomic } from './files.ts'

it('replaces a file whole and leaves nothing behind when writing fails', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'align-da-'))
  const path = join(folder, 'deep', 'a.txt')
  await writeFileAtomic(path, 'first')
  await writeFileAtomic(path, [new TextEncoder().encode('sec'), new TextEncoder().encode('ond')])
  const failing = replaceAtomic(path, async () => {
    throw new Error('no space left on device')
  })
  await expect(failing).rejects.toThrow('no space')
  expect(await readFile(path, 'utf8')).toBe('second')
  expect(await readdir(join(folder, 'deep'))).toEqual(['a.txt'])
})
