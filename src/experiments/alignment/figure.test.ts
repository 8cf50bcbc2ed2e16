import { expect, it } from 'vitest'
import { type GainRow, gainFigure } from './figure.ts'

const rows: GainRow[] = ['M', 'P'].flatMap((model, k) => [
  { method: 'none', model, density: 0, gain: 0.089, fcGain: 0.055 },
  ...[0.2, 0.01].map((density) => ({
    method: 'dps',
    model,
    density,
    gain: 0.1 - density / 4,
    fcGain: -0.01 * k,
  })),
  { method: 'dps', model, density: 'radiosonde', gain: 0.5 },
])

it('has a panel for each aligned prior in the order given, and none for one that was not evaluated', () => {
  const svg = gainFigure(rows, ['P', 'M', '4']) as string
  expect([...svg.matchAll(/Prior \w/g)].map(([text]) => text)).toEqual(['Prior P', 'Prior M'])
  expect(svg).toContain('without observations 8.9 %, its forecast 5.5 %')
  // Two densities of one guidance, analyses and forecasts: the network of stations has no place on the axis.
  expect(svg.match(/<circle/g)?.length).toBe(8)
  expect(svg.match(/>DPS, forecast</g)?.length).toBe(2)
  expect(gainFigure(rows.slice(0, 2), ['M'])).toBeUndefined()
})
