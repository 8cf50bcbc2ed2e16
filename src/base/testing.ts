import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const beside = resolve(dirname(fileURLToPath(import.meta.url)), '../../../shared/data')

/**
 * The folder of data that is too large for the project, for tests: the environment variable ALIGN_DA_DATA or
 * `../shared/data` beside the repository; undefined where neither exists, and tests that need it are skipped.
 */
export const sharedData: string | undefined = [process.env.ALIGN_DA_DATA, beside].find(
  (f) => f && existsSync(f),
)

/** How many mutations a fuzz test tries: ALIGN_DA_FUZZ_RUNS, by default 500. */
export const fuzzRuns: number = Number(process.env.ALIGN_DA_FUZZ_RUNS) || 500
