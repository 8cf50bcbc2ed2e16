import { columnNames, columns, eastward, type Observation, type ObservationTable } from './table.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly string[] ? string[] : T[K] }
type Columns = Mutable<Omit<ObservationTable, 'length'>>

/** Collects rows into a table; the columns double as they fill. Longitudes are brought to 0..360. */
export class ObservationBuilder {
  private data: Columns
  private capacity: number
  private count = 0

  constructor(capacity = 1024) {
    this.capacity = capacity
    this.data = emptyColumns(capacity)
  }

  get length(): number {
    return this.count
  }

  /** Appends a copy of a row. */
  push(o: Observation) {
    if (this.count === this.capacity) this.grow()
    const i = this.count++
    const { data } = this
    data.time[i] = o.time
    data.latitude[i] = o.latitude
    data.longitude[i] = eastward(o.longitude)
    data.pressure[i] = o.pressure
    data.height[i] = o.height
    data.variable.push(o.variable)
    data.value[i] = o.value
    data.error[i] = o.error
    data.background[i] = o.background
    data.station.push(o.station)
    data.reportType[i] = o.reportType
    data.quality[i] = o.quality
    data.instrument.push(o.instrument)
    data.sounding[i] = o.sounding
  }

  /** The rows so far; the builder is empty afterwards. */
  build(): ObservationTable {
    const n = this.count
    const table = Object.fromEntries(columnNames.map((name) => [name, this.data[name].slice(0, n)]))
    this.data = emptyColumns(this.capacity)
    this.count = 0
    return { length: n, ...table } as unknown as ObservationTable
  }

  private grow() {
    this.capacity *= 2
    const next = emptyColumns(this.capacity)
    for (const name of columnNames) {
      const old = this.data[name]
      if (Array.isArray(old)) (next as Record<string, unknown>)[name] = old
      else (next[name] as Float64Array | Int32Array).set(old as Float64Array | Int32Array)
    }
    this.data = next
  }
}

function emptyColumns(capacity: number): Columns {
  const make = {
    real: () => new Float64Array(capacity),
    integer: () => new Int32Array(capacity),
    text: () => [] as string[],
  }
  return Object.fromEntries(
    columnNames.map((name) => [name, make[columns[name].kind]()]),
  ) as unknown as Columns
}
