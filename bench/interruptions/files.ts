import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'

/** A file that a killed process was writing. */
const unfinished = /(^|\/)\.[^/]*\.tmp-[^/]*$/
const planted = 'tmp-1-planted'

/** The files below a folder, as paths relative to it: whole ones, and those that were being written. */
export async function filesOf(folder: string): Promise<{ whole: string[]; unfinished: string[] }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((e) => e.isFile())
    .map((e) => relative(folder, join(e.parentPath, e.name)))
    .sort()
  return {
    whole: paths.filter((p) => !unfinished.test(p)),
    unfinished: paths.filter((p) => unfinished.test(p) && !p.includes(planted)),
  }
}

/** Puts the first half of every result beside the place where it belongs, as a kill in the middle of writing would. */
export async function plantHalves(results: string, into: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const bytes = await readFile(join(results, path))
    const half = join(into, dirname(path), `.${basename(path)}.${planted}`)
    await mkdir(dirname(half), { recursive: true })
    await writeFile(half, bytes.subarray(0, bytes.length >> 1))
  }
}

/** What two undisturbed runs differ in, and so is left out of comparisons. Everything else is compared by its bytes. */
export const exceptions = [
  'run.json: started, ended and seconds of stages',
  'results/*.jsonl of evaluate: seconds of cases, their order and the names of files (a process writes its own)',
  'osse.json: seconds',
  'report.html of demo: seconds in all, and the column of seconds by method',
]

/** Names of files that are not the same in two folders of results, and of those that only one has. */
export async function differences(a: string, b: string): Promise<string[]> {
  const [x, y] = [await contents(a), await contents(b)]
  const names = [...new Set([...x.keys(), ...y.keys()])].sort()
  return names.filter((name) => !x.has(name) || !y.has(name) || !x.get(name)!.equals(y.get(name)!))
}

async function contents(folder: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>()
  const cases: string[] = []
  for (const path of (await filesOf(folder)).whole) {
    const bytes = await readFile(join(folder, path))
    const name = basename(path)
    if (/(^|\/)results\/[^/]*\.jsonl$/.test(path)) cases.push(...wholeLines(bytes.toString()))
    else if (name === 'run.json') found.set(path, Buffer.from(withoutTimes(bytes.toString())))
    else if (name === 'osse.json') found.set(path, Buffer.from(without(['seconds'], bytes.toString())))
    else if (name === 'report.html') found.set(path, Buffer.from(untimed(bytes.toString())))
    else found.set(path, bytes)
  }
  if (cases.length > 0) found.set('results/*.jsonl', Buffer.from([...new Set(cases)].sort().join('\n')))
  return found
}

/** JSON without these keys, at any depth. */
function without(keys: readonly string[], text: string): string {
  return JSON.stringify(JSON.parse(text, (key, value) => (keys.includes(key) ? undefined : value)))
}
const withoutTimes = (text: string) => without(['started', 'ended', 'seconds'], text)

/** Lines without `seconds`; the last may have been cut by a kill, its case is then on another one. */
function wholeLines(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    try {
      return [without(['seconds'], line)]
    } catch {
      return []
    }
  })
}

/** The demo's page without its times. @throws {Error} where they are not found: the page has changed, so must this. */
export function untimed(page: string): string {
  const table = /<table(?:(?!<\/table>)[\s\S])*<th[^>]*>seconds<\/th>(?:(?!<\/table>)[\s\S])*<\/table>/
  const all = /\d+ s in all/
  if (!table.test(page) || !all.test(page)) throw new Error('the page of the demo has no table of seconds')
  const last = /<td[^>]*>\d+<\/td>(\s*<\/tr>)/g
  return page.replace(all, 's in all').replace(table, (rows) => rows.replace(last, '$1'))
}
