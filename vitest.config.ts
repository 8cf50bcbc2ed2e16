import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  // The examples import the package by its name, as a user's file does.
  resolve: { alias: { 'align-da': fileURLToPath(new URL('src/index.ts', import.meta.url)) } },
  test: {
    include: ['src/**/*.test.ts', 'examples/*.test.ts', 'bench/**/*.test.ts'],
    // `fit` is a word of ours, so the linter cannot look for focused tests; the runner refuses them instead.
    allowOnly: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Native sessions take both cores: more test processes than that only wait for one another.
    pool: 'forks',
    maxWorkers: 2,
  },
})
