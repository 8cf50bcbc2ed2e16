import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { linesOf } from './figures.ts'
import type { OsseRow } from './summary.ts'

it('draws every method of the released comparison in a colour of its own', async () => {
  const file = new URL('../../../docs/results/osse.json', import.meta.url)
  const rows: OsseRow[] = JSON.parse(await readFile(file, 'utf8'))
  const lines = linesOf(rows, [0.01, 0.05, 0.2], 0.05, 'meanMse')
  expect(lines.map((l) => l.name).sort()).toEqual(
    [
      ...['background', 'prior without observations', 'latent MAP', 'DPS', 'Repaint', 'LETKF', '3D-Var'],
      ...['latent 3D-Var', "latent 3D-Var, prior's covariance", '3D-Var, filtered background'],
    ].sort(),
  )
  expect(new Set(lines.map((l) => l.colour)).size).toBe(lines.length)
})
