import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { lossSchema } from '../src/alignment/losses/choose.ts'
import { alignSchema } from '../src/alignment/train.ts'
import { guidanceSchema } from '../src/assimilation/index.ts'
import { writeFileAtomic } from '../src/base/files.ts'
import { experimentSchema } from '../src/experiments/config.ts'
import { methodSchema, osseSchema } from '../src/experiments/osse/config.ts'
import { onnxSchema } from '../src/forecast/onnx-descriptor.ts'
import { samplerSchema } from '../src/prior/config.ts'

/** The configuration reference of the documentation, from the schemas that the program itself checks settings with. */
function configurationReference(): string {
  const parts = [
    section('Experiments', 'The file of `align-da train --config FILE`; `--set a.b=value` replaces one setting.', experimentSchema),
    section('Samplers', 'How the prior goes from noise to a sample: `--sampler` of `align-da sample`, and `sampler` of an evaluation.', samplerSchema),
    section('Guidance', 'How observations steer it: `--method` of `align-da assimilate` with its settings as `--set iterations=10`, `--guidance` of `align-da demo`, and `guidance` of a method.', guidanceSchema),
    section('Evaluations', 'The file of `align-da evaluate --config FILE`.', osseSchema),
    section('Methods of an evaluation', 'Entries of `methods`.', methodSchema),
    section('Alignment', 'How a prior is trained on pairs.', alignSchema),
    section('Preference losses', '`loss` of an alignment.', lossSchema),
    section('ONNX forecast models', 'The file of `align-da forecast --descriptor FILE`.', onnxSchema),
  ] // biome-ignore format: a table
  return `---
aside: false
---

# Configuration

Every setting with its default. Unknown settings are refused, with the nearest name that exists. This page is written by \`npm run docs:reference\` from the schemas that check the settings.

${contents(parts)}

${parts.join('\n')}`
}

/** Links to the sections, in place of an outline beside the wide tables. */
const contents = (parts: readonly string[]) =>
  parts
    .map((part) => /^## (.*)$/m.exec(part)?.[1] ?? '')
    .map((title) => `[${title}](#${title.toLowerCase().replaceAll(' ', '-')})`)
    .join(' · ')

interface Json {
  type?: string | string[]
  properties?: Record<string, Json>
  required?: string[]
  items?: Json
  prefixItems?: Json[]
  anyOf?: Json[]
  oneOf?: Json[]
  enum?: unknown[]
  const?: unknown
  default?: unknown
  description?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
  additionalProperties?: Json | boolean
}

function section(title: string, what: string, schema: z.ZodType): string {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Json
  const choices = json.oneOf ?? json.anyOf
  if (!choices) return `## ${title}\n\n${what}\n\n${table(json)}`
  const named = choices.map((choice) => {
    const [key, { const: name }] = Object.entries(choice.properties ?? {}).find(
      ([, p]) => p.const !== undefined,
    ) ?? ['', {} as Json]
    const rest = Object.fromEntries(Object.entries(choice.properties ?? {}).filter(([k]) => k !== key))
    const body = Object.keys(rest).length ? table({ ...choice, properties: rest }) : 'No settings.\n'
    return `### \`${key}: ${name}\`\n\n${body}`
  })
  return `## ${title}\n\n${what}\n\n${named.join('\n')}`
}

function table(json: Json): string {
  const rows = rowsOf(json, '')
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  const lines = rows.map((r) => `| \`${r.name}\` | ${cell(r.type)} | ${cell(r.fallback)} | ${cell(r.what)} |`)
  return `| setting | values | default | |\n|---|---|---|---|\n${lines.join('\n')}\n`
}

interface Row {
  name: string
  type: string
  fallback: string
  what: string
}

function rowsOf(json: Json, prefix: string, within = ''): Row[] {
  return Object.entries(json.properties ?? {}).flatMap(([key, one]) => {
    const name = prefix + key
    const needed = json.required?.includes(key) && one.default === undefined
    // Settings inside something that may be left out as a whole are needed only with it.
    if (one.properties) return rowsOf(one, `${name}.`, needed ? within : name)
    const fallback =
      one.default === undefined
        ? needed
          ? `required${within && ` with \`${within}\``}`
          : ''
        : `\`${JSON.stringify(one.default)}\``
    return [{ name, type: typeOf(one), fallback, what: one.description ?? '' }]
  })
}

/** What a value may be, in a few words. */
function typeOf(json: Json): string {
  if (json.const !== undefined) return `\`${json.const}\``
  if (json.enum) return json.enum.map((v) => `\`${v}\``).join(', ')
  const either = json.anyOf ?? json.oneOf
  if (either) {
    const key = ['name', 'kind'].find((k) => either.every((e) => e.properties?.[k]?.const !== undefined))
    if (key)
      return `settings of a \`${key}\`: ${either.map((e) => `\`${e.properties?.[key].const}\``).join(', ')}`
    return [...new Set(either.map(typeOf))].join(' or ')
  }
  if (json.prefixItems) return `[${json.prefixItems.map(typeOf).join(', ')}]`
  if (json.type === 'array') return `list of ${json.items ? typeOf(json.items) : 'values'}`
  if (json.type === 'object')
    return json.properties
      ? `settings ${Object.keys(json.properties)
          .map((k) => `\`${k}\``)
          .join(', ')}`
      : 'names and values'
  const bounds = [
    json.exclusiveMinimum !== undefined ? `> ${json.exclusiveMinimum}` : '',
    json.minimum !== undefined && Math.abs(json.minimum) < 2 ** 53 - 1 ? `≥ ${json.minimum}` : '',
    json.exclusiveMaximum !== undefined ? `< ${json.exclusiveMaximum}` : '',
    json.maximum !== undefined && json.maximum < 2 ** 53 - 1 ? `≤ ${json.maximum}` : '',
  ].filter(Boolean)
  const type =
    { integer: 'integer', string: 'text', boolean: '`true` or `false`' }[String(json.type)] ??
    String(json.type ?? 'any')
  return bounds.length ? `${type} ${bounds.join(', ')}` : type
}

const page = fileURLToPath(new URL('../docs/configuration.md', import.meta.url))
await writeFileAtomic(page, configurationReference())
