import { spawnSync } from 'node:child_process'
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

it('leaves nothing behind when the process ends itself while writing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'align-da-'))
  const script = `
    import { writeFileSync, existsSync } from 'node:fs'
    import { replaceAtomic } from ${JSON.stringify(new URL('./files.ts', import.meta.url).href)}
    await replaceAtomic(${JSON.stringify(join(folder, 'a.txt'))}, async (temporary) => {
      writeFileSync(temporary, 'half')
      process.exit(existsSync(temporary) ? 130 : 1)
    })`
  const loader = import.meta.resolve('tsx')
  const args = ['--import', loader, '--input-type=module', '--eval', script]
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(`${status} ${stderr}`).toBe('130 ')
  expect(await readdir(folder)).toEqual([])
})
