import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Native sessions take both cores: more test processes than that only wait for one another.
    pool: 'forks',
    maxWorkers: 2,
  },
})
