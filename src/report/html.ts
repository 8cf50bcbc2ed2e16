import { dataAddress } from './png.ts'
import { escapeText } from './svg.ts'
import { numberText, type Row } from './table.ts'

/** A part of a page. Texts are plain text, never markup: everything is escaped. */
export type Block =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'figure'
      readonly svg?: string
      readonly png?: Uint8Array
      readonly alt: string
      readonly caption?: string
    }
  | {
      /** Drawings side by side, one below the other on a phone. */
      readonly kind: 'figures'
      readonly drawings: readonly { readonly svg: string; readonly alt: string }[]
      readonly columns: number
      readonly caption?: string
    }
  | {
      readonly kind: 'table'
      readonly rows: readonly Row[]
      readonly caption?: string
      readonly digits?: number
    }
  | { readonly kind: 'code'; readonly text: string }

/** A part of a page under a title of its own. */
export interface Section {
  readonly title: string
  readonly blocks: readonly Block[]
}

/** A page of sections, complete in one file. */
export interface Page {
  readonly title: string
  /** A line or two below the title. */
  readonly lead?: string
  readonly sections: readonly Section[]
  readonly footer?: string
}

/** A self-contained HTML page: figures inline, no script, nothing fetched; light or dark as the reader has it. */
export function htmlPage({ title, lead, sections, footer }: Page): string {
  const ids = sections.map((section, k) => `s${k + 1}-${slug(section.title)}`)
  const nav =
    sections.length > 2
      ? `<nav>${sections.map((s, k) => `<a href="#${ids[k]}">${escapeText(s.title)}</a>`).join('')}</nav>`
      : ''
  const body = sections.map(
    (s, k) =>
      `<section id="${ids[k]}"><h2>${escapeText(s.title)}</h2>\n${s.blocks.map(blockHtml).join('\n')}</section>`,
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title>
<style>${style}</style>
</head>
<body>
<header><h1>${escapeText(title)}</h1>${lead ? `<p class="lead">${escapeText(lead)}</p>` : ''}${nav}</header>
<main>
${body.join('\n')}
</main>
${footer ? `<footer>${escapeText(footer)}</footer>\n` : ''}</body>
</html>
`
}

function blockHtml(block: Block): string {
  if (block.kind === 'text')
    return block.text
      .split(/\n{2,}/)
      .map((p) => `<p>${escapeText(p)}</p>`)
      .join('\n')
  if (block.kind === 'code') return `<pre><code>${escapeText(block.text)}</code></pre>`
  if (block.kind === 'table') return tableHtml(block.rows, block.digits ?? 4, block.caption)
  const caption = block.caption ? `<figcaption>${escapeText(block.caption)}</figcaption>` : ''
  if (block.kind === 'figures') {
    const images = block.drawings.map(imageHtml).join('\n')
    return `<figure><div class="beside" style="--columns: ${block.columns}">${images}</div>${caption}</figure>`
  }
  return `<figure>${imageHtml(block)}${caption}</figure>`
}

/** An SVG goes in as an image: its ids and styles cannot meet those of its neighbours. */
function imageHtml({ svg, png, alt }: { svg?: string; png?: Uint8Array; alt: string }): string {
  const address = svg
    ? `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`
    : dataAddress(png ?? new Uint8Array())
  return `<img alt="${escapeText(alt)}" src="${address}">`
}

function tableHtml(rows: readonly Row[], digits: number, caption?: string): string {
  if (rows.length === 0) return ''
  const names = Object.keys(rows[0])
  const cell = (value: Row[string]) =>
    typeof value === 'number'
      ? `<td class="n">${escapeText(numberText(value, digits))}</td>`
      : `<td>${escapeText(value === undefined ? '' : typeof value === 'boolean' ? (value ? 'yes' : 'no') : value)}</td>`
  const head = names.map(
    (n) => `<th${typeof rows[0][n] === 'number' ? ' class="n"' : ''}>${escapeText(n)}</th>`,
  )
  const body = rows.map((row) => `<tr>${names.map((name) => cell(row[name])).join('')}</tr>`)
  const title = caption ? `<p class="caption">${escapeText(caption)}</p>` : ''
  return `${title}<div class="wide"><table><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`
}

const slug = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')

const style = `
:root { color-scheme: light dark; --ink: #1c2733; --muted: #5f6c7b; --paper: #fff; --line: #d5dbe1; --tint: #f3f5f7; --link: #0063a3 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e9ee; --muted: #9aa7b4; --paper: #14191f; --line: #36414c; --tint: #1d242c; --link: #6cb8ee }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 1080px; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 'Source Sans 3', system-ui, sans-serif }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .4rem }
h2 { font-size: 1.35rem; margin: 2.4rem 0 .6rem; padding-top: .6rem; border-top: 1px solid var(--line) }
.lead { color: var(--muted); font-size: 1.1rem; margin: 0 0 1rem; max-width: 44rem }
p { max-width: 44rem }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem }
a { color: var(--link) }
figure { margin: 1.2rem 0 }
figure img { max-width: 100%; height: auto; border-radius: 6px; background: #fff }
.beside { display: grid; grid-template-columns: repeat(var(--columns), 1fr); gap: .6rem }
.beside img { width: 100% }
@media (max-width: 600px) { .beside { grid-template-columns: 1fr } }
figcaption, .caption { color: var(--muted); font-size: .92rem; margin: .4rem 0 }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .8rem 0 }
th, td { text-align: left; padding: .28rem .8rem; border-bottom: 1px solid var(--line) }
td:first-child { white-space: nowrap }
th { font-weight: 600; border-bottom-width: 2px }
.n { text-align: right }
pre { background: var(--tint); padding: .8rem 1rem; border-radius: 6px; overflow-x: auto; font-size: .88rem }
footer { margin-top: 3rem; color: var(--muted); font-size: .9rem }
`
