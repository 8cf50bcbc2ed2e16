import { Runtime } from '../../../tensor/index.ts'
import { fit } from '../fit.ts'
import { tiny } from './tiny.ts'

// Trains the small network in the folder of the first argument and says which batches it has made.
const runtime = new Runtime({ device: 'cpu', threads: 2 })
const seen = (index: number) => process.stdout.write(`${index}\n`)
await fit(tiny(runtime, { folder: process.argv[2], pause: 5, seen }))
await runtime.close()
