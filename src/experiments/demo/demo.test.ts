import { existsSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { Runtime } from '../../tensor/index.ts'
import { comparison } from './figures.ts'
import { analysisMaps } from './maps.ts'
import { demoReport } from './report.ts'
import { runDemo } from './run.ts'
import { shippedModels, shippedSamples } from './setting.ts'
import { scoreRows, verdict } from './tables.ts'
import { verify } from './verify.ts'

// Skipped where the released models are absent.
const there = ['forecast', 'autoencoder', 'prior'].every((n) =>
  existsSync(`${shippedModels}/${n}.safetensors`),
)
const runtime = new Runtime({ device: 'cpu', threads: 1 })
afterAll(() => runtime.close())

describe.skipIf(!there)('the demo on the shipped samples', () => {
  const options = {
    ...{ models: shippedModels, samples: shippedSamples, time: Date.UTC(1984, 4, 3) },
    ...{ members: 2, error: 0.05, guidance: { name: 'latent-map' as const }, steps: 3, seed: 1 },
  }

  it('draws nearer to truth and observations with them, and writes a page that needs nothing else', {
    timeout: 300_000,
  }, async () => {
    const parts = new Set<string>()
    const demo = await runDemo(runtime, { ...options, onProgress: (part) => parts.add(part) })
    const [background, prior, classical, variational, guided] = demo.results
    expect([...parts]).toEqual(['models', ...demo.results.map(({ name }) => name)])
    for (const method of [classical, variational, guided]) {
      expect(method.scores.mse).toBeLessThan(background.scores.mse)
      expect(method.scores.mse).toBeLessThan(prior.scores.mse)
      expect(method.analysis?.diagnostics.fit?.analysis).toBeLessThan(
        method.analysis?.diagnostics.fit?.background as number,
      )
      expect(method.forecast?.mse).toBeLessThan(background.forecast?.mse as number)
    }
    expect(demo.latentFloor).toBeLessThan(guided.scores.mse)
    const page = demoReport(demo, { command: 'align-da demo', seconds: 1 })
    expect(/<script|src="(?!data:)|href="(?!#)/.test(page)).toBe(false)
    const words = page.replace(/src="data:[^"]*"/g, '')
    expect(words).toContain('calmer')
    expect(words).not.toMatch(/NaN|undefined|Infinity/)
    expect(words).toContain('isotropic, scale 0.7')
    for (const { name, scores } of [classical, variational])
      expect(verdict(demo)).toContain(`${guided.scores.mse < scores.mse ? 'below' : 'above'} that of ${name}`)
    expect(classical.analysis?.members).toBe(1)
    const drawings = comparison(demo)
    expect(drawings).toHaveLength(3)
    for (const { svg } of drawings) for (const row of scoreRows(demo)) expect(svg).toContain(`>${row[' ']}<`)
    expect(analysisMaps(demo, guided, classical, 'z500')).toHaveLength(9)

    // The error of single members is that of their mean and their variance about it.
    for (const { scores } of demo.results)
      expect(scores.memberMse).toBeGreaterThanOrEqual(scores.mse * (1 - 1e-6))
    const perfect = verify(demo.truth, demo.truth, demo.world)
    expect([perfect.mse, perfect.memberMse, perfect.crps, perfect.rmse.z500]).toEqual([0, 0, 0, 0])
    expect(perfect.geostrophic).toBe(perfect.truth.geostrophic)

    // Whatever the draws, a variational method is judged by its minimum, which is what one member is.
    const alone = await runDemo(runtime, { ...options, members: 1 })
    const minimum = alone.results[3]
    expect(minimum.name).toBe(variational.name)
    expect(variational.analysis?.members).toBe(2)
    expect(minimum.mean).toEqual(variational.mean)
    expect(minimum.scores.mse).toBeCloseTo(variational.scores.mse, 7)
    expect(minimum.forecast?.mse).toBe(variational.forecast?.mse)
    expect(analysisMaps(alone, alone.results[4], minimum, 'z500')).toHaveLength(8)
    expect(demoReport(alone, { command: '', seconds: 1 }).replace(/src="data:[^"]*"/g, '')).not.toMatch(
      /NaN|undefined|Infinity/,
    )
  })

  it('refuses times that the samples do not hold', async () => {
    await expect(runDemo(runtime, { ...options, time: Date.UTC(1984, 4, 2) })).rejects.toThrow(
      'it covers 1984-05-01T00 to 1984-05-05T18',
    )
    await expect(runDemo(runtime, { ...options, time: Date.UTC(1984, 4, 9) })).rejects.toThrow('ends before')
  })
})
