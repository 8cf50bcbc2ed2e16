import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    // `fit` is a word of ours, so the linter cannot look for focused tests; the runner refuses them instead.
    allowOnly: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Native sessions take both cores: more test processes than that only wait for one another.
    pool: 'forks',
    maxWorkers: 2,
  },
})
