import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { sharedData } from '../src/base/testing.ts'

/** Runs every command of docs/gallery.md, so that each figure there is what its command draws. */
const root = fileURLToPath(new URL('..', import.meta.url))
if (!sharedData) {
  console.error('the gallery needs the data folder: set ALIGN_DA_DATA to it')
  process.exit(1)
}
const page = readFileSync(`${root}docs/gallery.md`, 'utf8')
for (const [, block] of page.matchAll(/```sh\n([\s\S]*?)```/g)) {
  const command = block.trim().replace(/^align-da /, 'npx tsx src/cli/main.ts ')
  const { status } = spawnSync('bash', ['-c', `${command} >/dev/null`], {
    cwd: root,
    env: { ...process.env, DATA: sharedData },
    stdio: 'inherit',
  })
  if (status !== 0) {
    console.error(`failed: ${block}`)
    process.exit(1)
  }
}
const sizes = readdirSync(`${root}docs/gallery`).map((f) => statSync(`${root}docs/gallery/${f}`).size)
const total = sizes.reduce((a, b) => a + b, 0)
console.log(`${sizes.length} figures, ${(total / 2 ** 20).toFixed(2)} MiB`)
if (total > 3 * 2 ** 20) process.exit(1)
