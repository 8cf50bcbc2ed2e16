import { type Command, InvalidArgumentError } from 'commander'
import { ConfigError, didYouMean } from '../base/errors.ts'
import { readConvinfo } from '../io/ncep/convinfo.ts'
import { readErrorTable } from '../io/ncep/error-table.ts'
import { observedVariables } from '../io/observations/variables.ts'
import {
  constantErrors,
  type ErrorModel,
  firstOf,
  ncepErrors,
  reportedErrors,
  usualErrors,
  withRepresentativeness,
} from '../observation/error-models.ts'
import type { QualityOptions } from '../observation/quality/control.ts'
import { huber } from '../observation/quality/robust.ts'
import { numberOption } from './options.ts'

/** A number for every variable, or numbers by variable: `5`, `t=4,u=6`. */
export type ByVariable = Readonly<Record<string, number>>

export interface QualitySettings {
  maxQuality?: number
  gross?: ByVariable
  buddy?: boolean
  thin?: number
  superob?: number
  huber?: boolean
  limits?: string
  obsErrors?: string
  representativeness?: ByVariable
  errorFactor?: number
}

/** Adds what decides which observations are used and how large their errors are. */
export function withQualityOptions(command: Command): Command {
  return command
    .option('--max-quality <mark>', 'highest quality mark that is used; NCEP uses 0 to 3', numberOption, 3)
    .option(
      '--gross <errors>',
      "standard deviations by which observations may miss the background: 6, or t=5,u=6 (default: 5 of both errors, 8 of the observation alone where the background's are not known)",
      byVariable,
    )
    .option('--limits <file>', "NCEP's convinfo: types that are used and their limits")
    .option('--no-buddy', 'do not compare observations with their neighbours')
    .option('--thin <km>', 'keep one observation of a kind in a box of this size', numberOption)
    .option('--superob <km>', 'average observations of a kind in a box of this size', numberOption)
    .option(
      '--huber',
      'less weight for observations far from the background (Huber), in addition to the limit',
    )
    .option(
      '--obs-errors <what>',
      "NCEP's error table (a file), or SI numbers such as t=1,u=2.5 (default: the file's own, else usual ones)",
    )
    .option(
      '--representativeness <errors>',
      'what the grid does not resolve, added in squares: t=1,u=2 (SI)',
      byVariable,
    )
    .option('--error-factor <number>', 'factor on all observation errors', numberOption, 1)
}

export function byVariable(text: string): ByVariable {
  const codes = Object.keys(observedVariables)
  if (!text.includes('=')) {
    const all = numberOption(text)
    return Object.fromEntries(codes.map((code) => [code, all]))
  }
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [code, value, ...more] = pair.split('=').map((part) => part.trim())
      if (!codes.includes(code))
        throw new InvalidArgumentError(`'${code}' is no observed variable${didYouMean(code, codes)}.`)
      if (value === undefined || more.length) throw new InvalidArgumentError('It must read t=1,u=2.')
      return [code, numberOption(value)]
    }),
  )
}

/** Options as quality control takes them. */
export async function qualityOf(given: QualitySettings): Promise<QualityOptions> {
  for (const [name, value] of Object.entries({ thin: given.thin, superob: given.superob }))
    if (value !== undefined && !(value > 0))
      throw new ConfigError(`--${name} ${value}: it is a size in km, above 0`)
  return {
    maxQuality: given.maxQuality,
    gross: given.gross,
    buddy: given.buddy === false ? false : undefined,
    limits: given.limits ? await readConvinfo(given.limits) : undefined,
    thinning: given.thin === undefined ? undefined : { mesh: given.thin },
    superobbing: given.superob === undefined ? undefined : { mesh: given.superob },
    robust: given.huber ? huber() : undefined,
  }
}

/** The errors asked for, else those of the file, else the usual ones; zero and less stay, for `withErrors` to find. */
export async function errorsOf(given: QualitySettings): Promise<ErrorModel> {
  const { obsErrors, representativeness = {}, errorFactor = 1 } = given
  if (!(errorFactor > 0)) throw new ConfigError(`--error-factor ${errorFactor}: it must be above zero`)
  const asked: ErrorModel[] =
    obsErrors === undefined
      ? []
      : [
          /^[\w-]+=/.test(obsErrors) || /^[\d.]+$/.test(obsErrors)
            ? constantErrors(errorsByVariable(obsErrors))
            : ncepErrors(await readErrorTable(obsErrors)),
        ]
  const model = firstOf(...asked, reportedErrors, usualErrors)
  return (table) => {
    const plain = model(table)
    const wide = withRepresentativeness(() => plain, representativeness, errorFactor)(table)
    return wide.map((e, i) => (plain[i] <= 0 ? plain[i] : e))
  }
}

/** `byVariable` complains as an option's parser does; here it is one of two forms of the option. */
function errorsByVariable(text: string): ReturnType<typeof byVariable> {
  try {
    return byVariable(text)
  } catch (e) {
    throw new ConfigError(`--obs-errors ${text}: ${(e as Error).message}`)
  }
}
