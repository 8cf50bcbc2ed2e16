import { Runtime } from '../index.ts'
import { cases } from './cases.ts'
import { measure } from './device-suite.ts'
import { train } from './training.ts'

// Runs the table of cases and the update loop on the device named on the command line; one line of JSON each.
const runtime = new Runtime({ device: process.argv[2] })
console.log(JSON.stringify({ name: 'training', ...(await train(runtime)) }))
for (const c of cases) console.log(JSON.stringify(await measure(runtime, c, 'float32', 2)))
await runtime.close()
