import type { Feeds } from '../../tensor/index.ts'
import type { DataSource } from './data.ts'

/** Batches in order, the next one being made while the device computes. */
export class Prefetcher {
  private readonly source: DataSource
  private readonly end: number
  private index: number
  private coming: Promise<Feeds> | undefined

  /** Batches `from` up to but not including `end`. */
  constructor(source: DataSource, from: number, end: number) {
    this.source = source
    this.index = from
    this.end = end
  }

  /** The next batch. The one after it is begun on the following turn, when the device has been given its work. */
  async next(): Promise<Feeds> {
    const feeds = await (this.coming ?? this.make(this.index))
    this.index++
    this.coming = this.index < this.end ? later(() => this.make(this.index)) : undefined
    // A failure is met when the batch is asked for, or never if training ends before.
    this.coming?.catch(() => {})
    return feeds
  }

  private async make(index: number): Promise<Feeds> {
    try {
      return await this.source.batch(index)
    } catch (error) {
      if (error instanceof Error) error.message = `batch ${index}: ${error.message}`
      throw error
    }
  }
}

function later<T>(make: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => setImmediate(() => make().then(resolve, reject)))
}
