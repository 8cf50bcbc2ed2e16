import { describe, expect, it } from 'vitest'
import { constantsOf, programNeed, refuseBeyondMemory } from './memory.ts'

describe('the memory of an analysis', () => {
  it('is refused beyond what there is, with the greatest number of members that fits', () => {
    const need = { perMember: 3, working: 10, batch: 4, fixed: 100 }
    const runs = (members: number, available: number) => {
      try {
        refuseBeyondMemory(members, { ...need, available })
        return true
      } catch {
        return false
      }
    }
    for (let available = 90; available < 300; available++) {
      let fit = 0
      while (runs(fit + 1, available)) fit++
      const said = fit > 0 ? `ask for at most ${fit}` : 'not even one fits'
      const ask = () => refuseBeyondMemory(1000, { ...need, available })
      expect(ask).toThrow(new RegExp(`${said}$`))
    }
  })

  it('counts what the change of variables writes into programs', () => {
    const [d, h, waves, axes] = [4, 3, 2, 2]
    const n = axes * h
    const vectors = { mean: new Float32Array(d), std: new Float32Array(d) }
    const increment = new Float32Array(h * d * d)
    const coupled = new Float32Array(waves * n * (n + 1))
    const rest = new Float32Array(waves * (d - axes) * h)
    expect(constantsOf({ ...vectors, increment })).toBe(48)
    // Triangles of n (n + 1) / 2 complex numbers become [2 n, n], the deviations one number for cosine and for sine each.
    const unpacked = constantsOf({ ...vectors, increment, coupling: { axes, coupled, rest } }) - 48
    expect(unpacked).toBeGreaterThanOrEqual(waves * 2 * n * n + (d - axes) * h * 2 * waves)
    expect(unpacked).toBeLessThanOrEqual(1.2 * (waves * 2 * n * n + (d - axes) * h * 2 * waves))
  })

  const world = { state: 79_872, latent: 16_384, constants: 131_072 + 2 * (9 * 512 * 513 + 9 * 64 * 8) }
  // By how many MB the peak resident size grew in an analysis of so many members, computed together.
  const measured: [name: string, members: number, noises: number, randoms: number, megabytes: number][] = [
    ['none', 16, 0, 0, 168],
    ['latent-map', 16, 0, 0, 269],
    ['latent-map', 4, 0, 0, 206],
    ['latent-map', 64, 0, 0, 600],
    ['dps', 16, 0, 0, 271],
    ['mmps', 16, 0, 0, 368],
    ['repaint', 16, 0, 10 * 16_384, 312],
    ['particles', 16, 20, 0, 332],
    ['daps', 16, 40, 20 * 79_872, 576],
    ['daps', 64, 40, 20 * 79_872, 1719],
  ]
  it.each(measured)('of %s with %i members is estimated near what was measured', (name, ...numbers) => {
    const [members, noises, randoms, megabytes] = numbers
    const inputs = (2 + noises) * world.latent + randoms
    const { fixed = 0, working = 0, perMember } = programNeed({ ...world, inputs, guided: name !== 'none' })
    const ratio = (fixed + members * (perMember + working)) / 1e6 / megabytes
    expect(ratio).toBeGreaterThan(0.8)
    expect(ratio).toBeLessThan(1.5)
  })
})
