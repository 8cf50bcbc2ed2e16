import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeFileAtomic } from '../src/base/files.ts'
import { gains } from './tables/alignment.ts'
import { type Lorenz96Row, lorenz96, referenceErrors } from './tables/checks.ts'
import { comparison, type Row } from './tables/comparison.ts'
import { details } from './tables/markdown.ts'
import { paperErrors, paperGains } from './tables/paper.ts'

/** docs/method-table.md and docs/checks-table.md: the numbers of docs/results/ beside published ones. */
const { values: options } = parseArgs({
  options: { docs: { type: 'string', default: fileURLToPath(new URL('../docs', import.meta.url)) } },
})

function read<T>(name: string): T | undefined {
  const path = `${options.docs}/results/${name}`
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined
}
const models = read<Record<string, unknown>>('models.json')
const written = '<!-- Written by npm run docs:table from docs/results/. -->'

await writeFileAtomic(
  `${options.docs}/method-table.md`,
  `${written}

### Comparison of methods

A nature run of SPEEDY, 39 channels on 32 x 64 points. 10 to 20 % of our 2048 columns are as many columns as the paper's 1 %.

${comparison(read<Row[]>('osse.json') ?? [])}

### What alignment changes, in numbers

${gains(read<Row[]>('alignment.json') ?? [])}

${paperGains()}
${models ? `\n### Reference errors\n\nMean squared errors, normalised, of the released models on the test period (\`npm run eval:models\`).\n\n${referenceErrors(models)}\n` : ''}
### The paper's numbers

ERA5, 69 channels on 128 x 256 points, 1 % of the columns (328) observed without error; single members. (M): aligned by accuracy, forecast and geostrophic balance; (4): with hydrostatic balance too.

${details('Errors as the paper has them', paperErrors())}
`,
)
await writeFileAtomic(
  `${options.docs}/checks-table.md`,
  `${written}\n\n${lorenz96(read<Lorenz96Row[]>('lorenz96.json') ?? [])}\n`,
)
