import { DataError } from '../base/errors.ts'
import type { Dataset, Variable } from './dataset.ts'
import { toFloat64 } from './numeric.ts'
import { decodeTimes, isTimeUnits, parseTimeUnits } from './time.ts'

const leadNames = /^(prediction_timedelta|step|lead_?time|forecast_period)$/i
const startNames = /^(forecast_reference_time|reference_time|init(ial)?_time)$/i

/** Whether a variable says that it is the time a forecast starts at. */
export function isStart({ name, attributes }: Variable): boolean {
  const { standard_name: standard, long_name: long } = attributes
  if (standard === 'forecast_reference_time' || startNames.test(name)) return true
  return name !== 'valid_time' && typeof long === 'string' && /initial time|reference time/i.test(long)
}

/** What says when the states of a dataset are valid, and what must be added to it. */
export interface ValidTime {
  readonly variable: Variable
  /** Milliseconds. */
  readonly lead: number
  readonly remarks: readonly string[]
}

/**
 * The variable along dimension `time` (a scalar where there is none) that says when states are valid: valid_time,
 * else `time` by name or standard_name, else what has units of time, the start of a forecast last. A lead of one
 * value is added to a start: to what says so, and to the `time` of WeatherBench2 (prediction_timedelta) and of
 * cfgrib (step); in CF, `time` beside a forecast_period is when the state is valid.
 * @throws DataError where a forecast does not say whether its time is that of its start.
 */
export async function findValidTime(
  dataset: Dataset,
  time: string | undefined,
): Promise<ValidTime | undefined> {
  const length = time === undefined ? 1 : dataset.dimensions.get(time)
  const fits = ({ dimensions, shape, units }: Variable) =>
    isTimeUnits(units) &&
    shape.reduce((a, b) => a * b, 1) === length &&
    dimensions.every((dimension, k) => dimension === time || shape[k] === 1)
  const ofAxis = time === undefined ? undefined : dataset.variables.get(time)
  const candidates = [...dataset.variables.values()].filter(fits)
  candidates.sort((a, b) => rank(a) - rank(b) || Number(b === ofAxis) - Number(a === ofAxis))
  const [variable] = candidates
  // An axis whose units cannot be read is for the caller to refuse.
  if (!variable || (ofAxis && !isTimeUnits(ofAxis.units) && variable.name !== 'valid_time'))
    return ofAxis && { variable: ofAxis, lead: 0, remarks: [] }
  const plain = { variable, lead: 0, remarks: [] }
  if (variable.name === 'valid_time') return plain
  const leads = [...dataset.variables.values()].filter(
    (v) =>
      (leadNames.test(v.name) || v.attributes.standard_name === 'forecast_period') &&
      v.shape.every((n) => n === 1),
  )
  if (leads.length === 0)
    return isStart(variable)
      ? { ...plain, remarks: [`${variable.name} is the start of a forecast without lead: taken as the time`] }
      : plain
  const lead = await leadOf(dataset, leads[0])
  if (lead === 0) return plain
  const hours = `${leads[0].name} of ${lead / 3_600_000} h`
  const added = {
    variable,
    lead,
    remarks: [`${hours} is added to ${variable.name}, the start of a forecast`],
  }
  if (isStart(variable)) return added
  const start = candidates.find(isStart)
  if (start) {
    const after = (await firstTime(variable)) - (await firstTime(start))
    if (after === lead) return plain
    if (after === 0) return added
  } else if (/^(prediction_timedelta|step)$/i.test(leads[0].name)) return added
  else if (variable.attributes.standard_name === 'time') return plain
  throw new DataError(
    `${dataset.location} has a ${hours} and does not say whether ${variable.name} is before or after it: name the time the state is valid at valid_time, or give ${variable.name} the standard_name time or forecast_reference_time`,
  )
}

function rank(variable: Variable): number {
  if (variable.name === 'valid_time') return 0
  if (isStart(variable)) return 3
  return variable.name === 'time' || variable.attributes.standard_name === 'time' ? 1 : 2
}

async function leadOf({ location }: Dataset, variable: Variable): Promise<number> {
  const value = toFloat64((await variable.read()).data)[0]
  if (value === 0) return 0
  try {
    const lead = value * parseTimeUnits(`${variable.units} since 1970-01-01`).step
    if (Number.isFinite(lead)) return lead
  } catch {}
  throw new DataError(
    `${location}: ${variable.name} is ${value} in units '${variable.units}'; it should be a length of time such as 48 in 'hours'`,
  )
}

async function firstTime(variable: Variable): Promise<number> {
  const { units, attributes } = variable
  const calendar = typeof attributes.calendar === 'string' ? attributes.calendar : 'standard'
  return decodeTimes((await variable.read()).data, units as string, calendar)[0]
}
