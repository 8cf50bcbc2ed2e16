import { virtualTemperature, zeroCelsius } from '../../atmosphere/constants.ts'
import type { Level, Stack } from './report.ts'

/** A temperature in K and what it is. */
export interface Temperature {
  readonly value: number
  readonly virtual: boolean
}

/**
 * Whether the newest temperature of a stack is virtual: it is once the program VIRTMP has left an event anywhere
 * in the stack, because later steps then corrected the virtual value (the rule of GSI's read_prepbufr).
 */
export function isVirtual(stack: Stack, virtmp: number): boolean {
  return stack.events.some((e) => e.program === virtmp)
}

/**
 * The newest temperature of a level as sensible temperature. Where it is virtual, the event below VIRTMP's is the
 * sensible value that VIRTMP started from, with all earlier corrections; where a later step followed, or the event
 * below is missing, T = Tv / (1 + (1/eps - 1) q) with the newest humidity. With no humidity it stays virtual.
 */
export function sensibleTemperature(level: Level, virtmp: number): Temperature {
  const stack = level.temperature!
  const newest = stack.events[0].value + zeroCelsius
  if (!isVirtual(stack, virtmp)) return { value: newest, virtual: false }
  const [first, second] = stack.events
  if (first.program === virtmp && second && !Number.isNaN(second.value))
    return { value: second.value + zeroCelsius, virtual: false }
  const q = level.humidity?.events[0]?.value ?? Number.NaN
  return Number.isNaN(q)
    ? { value: newest, virtual: true }
    : { value: newest / virtualTemperature(1, 1e-6 * q), virtual: false }
}

/**
 * The newest temperature as virtual temperature; a sensible one is converted with the newest humidity and stays
 * sensible where there is none (dry air aloft, where the two differ by less than the error of either).
 */
export function virtualTemperatureOf(level: Level, virtmp: number): Temperature {
  const stack = level.temperature!
  const newest = stack.events[0].value + zeroCelsius
  if (isVirtual(stack, virtmp)) return { value: newest, virtual: true }
  const q = level.humidity?.events[0]?.value ?? Number.NaN
  return Number.isNaN(q)
    ? { value: newest, virtual: false }
    : { value: virtualTemperature(newest, 1e-6 * q), virtual: true }
}

/**
 * The background temperature, which the files hold as virtual temperature, in K; sensible if asked, by the
 * background humidity. NaN where the file gives none, or no humidity to convert with.
 */
export function backgroundTemperature(level: Level, virtual: boolean): number {
  const tv = level.temperature!.background + zeroCelsius
  return virtual ? tv : tv / virtualTemperature(1, 1e-6 * (level.humidity?.background ?? Number.NaN))
}
