import type { SubsetVisitor } from './decode.ts'
import type { ElementNode, RepeatNode } from './program.ts'
import {
  type Event,
  emptyLevel,
  hasData,
  type Level,
  type Report,
  type Stack,
  type WindEvent,
  type WindStack,
} from './report.ts'

type StackName = 'pressure' | 'temperature' | 'humidity' | 'height' | 'precipitableWater'
type EventField = keyof Event
type WindField = keyof WindEvent

/** Where the value of a mnemonic goes. `opens`: it begins an event of its stack. */
type Meaning =
  | { readonly of: 'report'; readonly field: NumberFields<Report> }
  | { readonly of: 'level'; readonly field: NumberFields<Level> }
  | { readonly of: 'event'; readonly stack: StackName; readonly field: EventField; readonly opens: boolean }
  | { readonly of: 'stack'; readonly stack: StackName; readonly field: 'background' | 'error' }
  | { readonly of: 'windEvent'; readonly field: WindField; readonly opens: boolean }
  | { readonly of: 'wind'; readonly field: 'backgroundU' | 'backgroundV' | 'error' }

/** The fields of T that hold a number and may be set. */
type NumberFields<T> = Exclude<
  { [K in keyof T]-?: T[K] extends number ? K : never }[keyof T],
  'message' | 'subset' | 'cycle'
>

/** The sequences whose every iteration is a level. */
const levelSequences = new Set(['PRSLEVEL', 'PRSLEVLA', 'PRSLEVLG'])

/** What each mnemonic means for the report; the others are passed over. */
const meanings = new Map<string, Meaning>([
  ['XOB', { of: 'report', field: 'longitude' }],
  ['YOB', { of: 'report', field: 'latitude' }],
  ['DHR', { of: 'report', field: 'hours' }],
  ['ELV', { of: 'report', field: 'elevation' }],
  ['TYP', { of: 'report', field: 'type' }],
  ['T29', { of: 'report', field: 'dumpType' }],
  ['ITP', { of: 'report', field: 'instrumentType' }],
  ['SQN', { of: 'report', field: 'sequence' }],
  ['PMO', { of: 'report', field: 'seaLevelPressure' }],
  ['PMQ', { of: 'report', field: 'seaLevelPressureQuality' }],
  ['CAT', { of: 'level', field: 'category' }],
  ['XDR', { of: 'level', field: 'longitude' }],
  ['YDR', { of: 'level', field: 'latitude' }],
  ['HRDR', { of: 'level', field: 'hours' }],
  ...stack('pressure', ['POB', 'PQM', 'PPC', 'PRC', 'PFC', 'POE']),
  ...stack('temperature', ['TOB', 'TQM', 'TPC', 'TRC', 'TFC', 'TOE']),
  ...stack('humidity', ['QOB', 'QQM', 'QPC', 'QRC', 'QFC', 'QOE']),
  ...stack('height', ['ZOB', 'ZQM', 'ZPC', 'ZRC', 'ZFC', 'ZOE']),
  ...stack('precipitableWater', ['PWO', 'PWQ', 'PWP', 'PWR', 'PWF', 'PWE']),
  ['UOB', { of: 'windEvent', field: 'u', opens: true }],
  ['VOB', { of: 'windEvent', field: 'v', opens: false }],
  ['WQM', { of: 'windEvent', field: 'quality', opens: false }],
  ['WPC', { of: 'windEvent', field: 'program', opens: false }],
  ['WRC', { of: 'windEvent', field: 'reason', opens: false }],
  ['UFC', { of: 'wind', field: 'backgroundU' }],
  ['VFC', { of: 'wind', field: 'backgroundV' }],
  ['WOE', { of: 'wind', field: 'error' }],
])

/** The mnemonics of value, quality, program, reason, background and error of one quantity. */
function stack(name: StackName, mnemonics: readonly string[]): [string, Meaning][] {
  const [value, quality, program, reason, background, error] = mnemonics
  return [
    [value, { of: 'event', stack: name, field: 'value', opens: true }],
    [quality, { of: 'event', stack: name, field: 'quality', opens: false }],
    [program, { of: 'event', stack: name, field: 'program', opens: false }],
    [reason, { of: 'event', stack: name, field: 'reason', opens: false }],
    [background, { of: 'stack', stack: name, field: 'background' }],
    [error, { of: 'stack', stack: name, field: 'error' }],
  ]
}

/** Builds reports out of the fields of subsets. */
export class ReportAssembler implements SubsetVisitor {
  private report: Report = emptyReport('', 0, 0, NaN)
  private level: Level = emptyLevel()
  private known = new Map<ElementNode, Meaning | undefined>()

  /** Makes ready for a subset. */
  begin(messageClass: string, message: number, subset: number, cycle: number) {
    this.report = emptyReport(messageClass, message, subset, cycle)
    this.level = emptyLevel()
  }

  /** The report just read. */
  finish(): Report {
    this.closeLevel()
    return this.report
  }

  number(node: ElementNode, value: number) {
    let meaning = this.known.get(node)
    if (meaning === undefined) {
      if (this.known.has(node)) return
      meaning = meanings.get(node.mnemonic)
      this.known.set(node, meaning)
      if (meaning === undefined) return
    }
    switch (meaning.of) {
      case 'event':
        this.event(meaning.stack, meaning.opens)[meaning.field] = value
        break
      case 'stack':
        this.stack(meaning.stack)[meaning.field] = value
        break
      case 'windEvent':
        this.windEvent(meaning.opens)[meaning.field] = value
        break
      case 'wind':
        this.wind()[meaning.field] = value
        break
      case 'level':
        this.level[meaning.field] = value
        break
      case 'report':
        this.report[meaning.field] = value
    }
  }

  text(node: ElementNode, value: string) {
    if (node.mnemonic === 'SID') this.report.station = value
  }

  enter() {}

  iteration(node: RepeatNode) {
    if (levelSequences.has(node.mnemonic)) this.closeLevel()
  }

  leave(node: RepeatNode) {
    if (levelSequences.has(node.mnemonic)) this.closeLevel()
  }

  private stack(name: StackName): Stack {
    const stack = this.level[name]
    if (stack) return stack
    const fresh: Stack = { events: [], background: NaN, error: NaN }
    this.level[name] = fresh
    return fresh
  }

  /** A new event, or the one being read (also new where a table names a mark before its value). */
  private event(name: StackName, opens: boolean): Event {
    const { events } = this.stack(name)
    if (opens || events.length === 0) events.push({ value: NaN, quality: NaN, program: NaN, reason: NaN })
    return events[events.length - 1]
  }

  private wind(): WindStack {
    this.level.wind ??= { events: [], backgroundU: NaN, backgroundV: NaN, error: NaN }
    return this.level.wind
  }

  private windEvent(opens: boolean): WindEvent {
    const { events } = this.wind()
    if (opens || events.length === 0) events.push({ u: NaN, v: NaN, quality: NaN, program: NaN, reason: NaN })
    return events[events.length - 1]
  }

  private closeLevel() {
    if (hasData(this.level)) this.report.levels.push(this.level)
    this.level = emptyLevel()
  }
}

function emptyReport(messageClass: string, message: number, subset: number, cycle: number): Report {
  return {
    messageClass,
    message,
    subset,
    cycle,
    station: '',
    longitude: NaN,
    latitude: NaN,
    hours: NaN,
    elevation: NaN,
    type: NaN,
    dumpType: NaN,
    instrumentType: NaN,
    sequence: NaN,
    levels: [],
    seaLevelPressure: NaN,
    seaLevelPressureQuality: NaN,
  }
}
