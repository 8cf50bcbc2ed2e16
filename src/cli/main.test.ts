import { describe, expect, it } from 'vitest'
import { align, patience } from './testing/process.ts'

describe('align-da', () => {
  it(
    'has a version, help for every command, and a hint for a misspelt one',
    async () => {
      const [version, help, wrong] = await Promise.all([
        align(['--version']),
        align(['data', '--help']),
        align(['data', 'plto']),
      ])
      expect(version.out.trim()).toMatch(/^\d+\.\d+\.\d+/)
      for (const command of ['info', 'stats', 'convert', 'regrid', 'plot', 'obs'])
        expect(help.out).toContain(`  ${command} `)
      expect(wrong.code).toBe(1)
      expect(wrong.err).toContain('Did you mean plot?')
    },
    patience,
  )
})
