import { describe, expect, it } from 'vitest'
import { ConfigError } from '../base/errors.ts'
import { figureFormat } from './figureFile.ts'
import { htmlPage } from './html.ts'
import { element, escapeText, svgToPng } from './svg.ts'
import { bytesText, numberText, printTable, tableText } from './table.ts'

describe('tables', () => {
  const rows = [
    { channel: 'z500', mean: 54321.98765, n: 12, ok: true },
    { channel: 't850', mean: 0.000012345, n: 7, ok: undefined },
  ]

  it('line up for people and keep every digit for programs', () => {
    const lines = tableText(rows).split('\n')
    expect(lines).toHaveLength(4)
    expect(lines[0]).toMatch(/^channel +mean +n +ok$/)
    expect(lines[2]).toMatch(/^z500 +54322 +12 +yes$/)
    expect(lines[3]).toMatch(/^t850 +1\.2345e-5 +7$/)
    const printed: string[] = []
    printTable(rows, { json: true, print: (text) => printed.push(text) })
    expect(JSON.parse(printed.join('\n'))[0].mean).toBe(54321.98765)
    expect(tableText([])).toBe('(none)')
  })

  it('writes numbers and sizes for reading', () => {
    expect([3, 2.71801234, 1e9, 123456.7, 0, Number.NaN].map((v) => numberText(v, 4))).toEqual([
      '3', '2.718', '1000000000', '123457', '0', '–',
    ]) // biome-ignore format: one row
    expect([12, 2048, 160e6, 5e12].map(bytesText)).toEqual(['12 B', '2.0 KiB', '153 MiB', '4.5 TiB'])
  })
})

describe('pages', () => {
  it('escape everything and fetch nothing', () => {
    const html = htmlPage({
      title: 'A <b> & "c"',
      lead: '<script>alert(1)</script>',
      sections: [
        {
          title: 'Scores <x>',
          blocks: [
            { kind: 'text', text: 'one\n\ntwo <i>' },
            {
              kind: 'figure',
              svg: '<svg xmlns="http://www.w3.org/2000/svg"/>',
              alt: 'a "map"',
              caption: '<cap>',
            },
            {
              kind: 'figures',
              columns: 2,
              drawings: [
                { svg: '<svg/>', alt: '<b>' },
                { svg: '<svg/>', alt: 'b' },
              ],
            },
            { kind: 'table', rows: [{ name: '<td>', value: 1.5 }] },
            { kind: 'code', text: 'a < b' },
          ],
        },
      ],
    })
    expect(html).not.toMatch(/<script|<b>|<i>|<cap>|<x>|https?:\/\/(?!www\.w3)/)
    expect(html.match(/<p>/g)).toHaveLength(2)
    expect(html.match(/src="data:image\/svg\+xml;base64,/g)).toHaveLength(3)
    expect(html).toContain('prefers-color-scheme: dark')
    expect(html).toContain('<td class="n">1.500</td>')
  })

  it('drops characters that XML forbids', () => {
    expect(escapeText('a\u0000b\u001b<')).toBe('ab&#60;')
    expect(() =>
      svgToPng(
        `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">${element('text', { x: 1 }, escapeText('\u0001'))}</svg>`,
      ),
    ).not.toThrow()
  })

  it('knows figures by their names', () => {
    expect(figureFormat('a/b.PNG')).toBe('png')
    expect(() => figureFormat('map.pdf')).toThrow(ConfigError)
  })
})
