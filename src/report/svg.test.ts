import { fileURLToPath } from 'node:url'
import { createCanvas, GlobalFonts } from '@napi-rs/canvas'
import { expect, it } from 'vitest'
import { textWidth } from './svg.ts'

it('knows how wide a text is, never more than a little short of the font that ships', () => {
  const file = import.meta.resolve('@expo-google-fonts/source-sans-3/400Regular/SourceSans3_400Regular.ttf')
  GlobalFonts.registerFromPath(fileURLToPath(file), 'measured')
  const context = createCanvas(1, 1).getContext('2d')
  context.font = '100px measured'
  for (const text of [
    ...['background', 'prior without observations', 'latent MAP', 'DPS', '3D-Var, filtered background'],
    ...['MSE of single members', '0.0125', '−1,250 m² s⁻²', 'illicit', 'WMO 01001', 'ΠGDM, C = I', 'höher'],
  ]) {
    const drawn = context.measureText(text).width
    expect(textWidth(text, 100) / drawn, text).toBeGreaterThan(0.97)
    expect(textWidth(text, 100) / drawn, text).toBeLessThan(1.3)
  }
})
