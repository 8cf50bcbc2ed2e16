import { createRequire } from 'node:module'
import { Resvg } from '@resvg/resvg-js'
import { ConfigError } from '../base/errors.ts'
import { theme } from './theme.ts'

type Attribute = string | number | undefined

/** Text made safe inside XML and HTML elements and attributes; characters XML forbids are dropped. */
export function escapeText(text: string): string {
  const legal = text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
  return legal.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
}

/** An SVG element with escaped attributes around ready markup; attributes that are undefined are left out. */
export function element(name: string, attributes: Readonly<Record<string, Attribute>>, inner = ''): string {
  let text = `<${name}`
  for (const [key, value] of Object.entries(attributes))
    if (value !== undefined)
      text += ` ${key}="${typeof value === 'number' ? round(value) : escapeText(value)}"`
  return inner ? `${text}>${inner}</${name}>` : `${text}/>`
}

/** Text at a point; `anchor` as in SVG (start, middle, end). */
export function textElement(
  content: string,
  x: number,
  y: number,
  style: {
    size?: number
    weight?: number
    fill?: string
    anchor?: string
    halo?: boolean
    rotate?: number
  } = {},
): string {
  const { size = theme.size.label, weight, fill = theme.ink, anchor, halo, rotate } = style
  const attributes = {
    x,
    y,
    'font-size': size,
    'font-weight': weight,
    fill,
    'text-anchor': anchor,
    transform: rotate ? `rotate(${rotate} ${round(x)} ${round(y)})` : undefined,
    ...(halo
      ? { stroke: theme.paper, 'stroke-width': 2.5, 'paint-order': 'stroke', 'stroke-linejoin': 'round' }
      : {}),
  }
  return element('text', attributes, escapeText(content))
}

/** Advances of letters by kind, in parts of the size. */
const advances: readonly (readonly [RegExp, number])[] = [
  [/[ ijl.,:;'|]/, 0.27],
  [/[frt()\-/]/, 0.36],
  [/[mwMW%]/, 0.83],
  [/\p{Lu}/u, 0.6],
  [/./su, 0.53],
]
const advance = (letter: string) => advances.find(([kind]) => kind.test(letter))?.[1] ?? 0

/** About how wide a text is in the shipped font. A browser may have a wider one: see `standIn`. */
export const textWidth = (text: string, size: number) =>
  size * [...text].reduce((sum, letter) => sum + advance(letter), 0)

/** What fonts that stand in for ours are wider by, at most: DejaVu Sans, on Linux without others. */
export const standIn = 1.22

/** A group moved to (x, y). */
export const moved = (x: number, y: number, inner: string) =>
  element('g', { transform: `translate(${round(x)} ${round(y)})` }, inner)

/** A whole SVG document of the given size in CSS pixels. */
export function svgDocument(width: number, height: number, inner: string): string {
  const [w, h] = [Math.ceil(width), Math.ceil(height)]
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    'xmlns:xlink': 'http://www.w3.org/1999/xlink',
    width: w,
    height: h,
    viewBox: `0 0 ${w} ${h}`,
    'font-family': theme.fontStack,
  }
  return element('svg', attributes, element('rect', { width: w, height: h, fill: theme.paper }) + inner)
}

/** Two decimals are a hundredth of a pixel: enough, and half the size. */
export const round = (value: number) => Math.round(value * 100) / 100

/** Size in CSS pixels of an SVG document made here. */
export function svgSize(svg: string): { width: number; height: number } {
  const match = /^<svg[^>]*? width="([\d.]+)" height="([\d.]+)"/.exec(svg)
  if (!match) throw new ConfigError('not an SVG document with a width and a height')
  return { width: Number(match[1]), height: Number(match[2]) }
}

/** An SVG document of others in rows of `columns`, each in a place of the largest one's size. */
export function panels(drawings: readonly string[], columns: number): string {
  const sizes = drawings.map(svgSize)
  const [w, h] = [Math.max(...sizes.map((s) => s.width)), Math.max(...sizes.map((s) => s.height))]
  const placed = drawings.map((svg, k) => moved((k % columns) * w, Math.floor(k / columns) * h, svg))
  return svgDocument(columns * w, Math.ceil(drawings.length / columns) * h, placed.join(''))
}

const require = createRequire(import.meta.url)
const fontFiles = () =>
  ['400Regular/SourceSans3_400Regular', '600SemiBold/SourceSans3_600SemiBold'].map((file) =>
    require.resolve(`@expo-google-fonts/source-sans-3/${file}.ttf`),
  )

/** PNG bytes of an SVG document, `scale` device pixels to a CSS pixel, with the shipped font and no other. */
export function svgToPng(svg: string, { scale = 2 } = {}): Uint8Array {
  return new Resvg(svg, {
    font: { loadSystemFonts: false, fontFiles: fontFiles(), defaultFontFamily: theme.font },
    fitTo: { mode: 'zoom', value: scale },
  })
    .render()
    .asPng()
}
