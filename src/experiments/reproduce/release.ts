import { cp, mkdir, readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { writeFileAtomic } from '../../base/files.ts'
import { clock } from '../../base/progress.ts'
import type { Preset } from './config.ts'
import type { Standing } from './engine.ts'

/** What a run took, as a page of the documentation. */
export function timesPage(
  rows: readonly Standing[],
  { cores, command }: { cores: number; command: string },
): string {
  const total = rows.reduce((sum, { seconds }) => sum + seconds, 0)
  const lines = rows.map(({ stage, what, seconds }) => `| \`${stage}\` | ${what} | ${clock(seconds)} |`)
  return `<!-- Written by ${command}. -->

| stage | what | time |
|---|---|---:|
${lines.join('\n')}
| | total, on ${cores} cores | ${clock(total)} |
`
}

/**
 * Copies models, results, pages and tuned settings over those of the repository at `root`; results that name files of
 * the run name the released ones afterwards. Returns the folders that were written to.
 */
export async function release({ name, out, given }: Preset, root: string): Promise<string[]> {
  const models = join(root, 'models', name)
  const tuned = join(root, 'configs', `${basename(given.osse.path, '.yaml')}-tuned.yaml`)
  // One README describes all models of the folder, in place of the pages that training writes.
  await copyFiles(out.models, models, (file) => !file.endsWith('.md'))
  await writeFileAtomic(tuned, await readFile(out.tuned))
  await cp(join(out.docs, 'figures'), join(root, 'docs/figures'), { recursive: true })
  const paths: [string, string][] = [
    [out.models, `models/${name}`],
    [out.tuned, `configs/${basename(tuned)}`],
  ]
  for (const folder of ['docs', 'docs/results']) {
    const from = folder === 'docs' ? out.docs : out.results
    for (const file of await filesOf(from)) {
      const bytes = await readFile(join(from, file))
      const text = () => paths.reduce((t, [a, b]) => t.replaceAll(a, b), bytes.toString('utf8'))
      await writeFileAtomic(join(root, folder, file), /\.(json|md)$/.test(file) ? text() : bytes)
    }
  }
  return [models, tuned, join(root, 'docs')]
}

const filesOf = async (folder: string) =>
  (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name)

async function copyFiles(from: string, to: string, kept: (file: string) => boolean): Promise<void> {
  await mkdir(to, { recursive: true })
  for (const file of (await filesOf(from)).filter(kept))
    await writeFileAtomic(join(to, file), await readFile(join(from, file)))
}
