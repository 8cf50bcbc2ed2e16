import { stringify } from 'yaml'

/** What a model card says. */
export interface ModelCard {
  readonly title: string
  /** What the model does, in a sentence or two. */
  readonly purpose: string
  readonly facts: Readonly<Record<string, string | number>>
  readonly scores: Readonly<Record<string, number>>
  readonly scoresOf: string
  readonly limits: readonly string[]
  readonly command: string
  readonly config: unknown
}

/** A model card as Markdown. */
export function modelCard(card: ModelCard): string {
  const table = (head: [string, string], rows: [string, string | number][]) =>
    [`| ${head.join(' | ')} |`, '|---|---|', ...rows.map(([a, b]) => `| ${a} | ${b} |`)].join('\n')
  const number = (v: number) => (Number.isInteger(v) ? String(v) : v.toPrecision(4))
  return `# ${card.title}

${card.purpose}

${table(['what', ''], Object.entries(card.facts))}

## Scores

${card.scoresOf}

${table(
  ['score', 'value'],
  Object.entries(card.scores).map(([name, v]) => [name, number(v)]),
)}

## Limits

${card.limits.map((limit) => `- ${limit}`).join('\n')}

## Made by

\`\`\`sh
${card.command}
\`\`\`

with the settings

\`\`\`yaml
${stringify(card.config).trimEnd()}
\`\`\`
`
}
