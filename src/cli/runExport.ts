import { ConfigError } from '../base/errors.ts'
import { modelParts } from '../experiments/models/export.ts'
import { jsonText } from '../report/table.ts'
import { exportOnnx, type Signature } from '../tensor/index.ts'

/** Options of `align-da export`. */
export interface ExportModelOptions {
  model: string
  out: string
  batch: number
  half?: boolean
  json?: boolean
}

/** Writes the networks of a model, each as a file, and prints what goes in and what comes out. */
export async function exportModel({ model, out, batch, half, json }: ExportModelOptions): Promise<void> {
  if (!out.endsWith('.onnx')) throw new ConfigError(`--out ${out}: give it the ending .onnx`)
  const parts = await modelParts(model, batch)
  const written = []
  for (const { name, program, weights, metadata } of parts) {
    const path = parts.length === 1 ? out : out.replace(/onnx$/, `${name}.onnx`)
    const storage = half ? 'float16' : 'float32'
    const { bytes, data } = await exportOnnx(path, program, weights, { storage, metadata })
    const inputs = program.inputs.filter((i) => !(i.name in weights))
    written.push({ network: name, path, bytes, ...(data && { data }), inputs, outputs: program.outputs })
  }
  if (json) return console.log(jsonText(written))
  const list = (signatures: readonly Signature[]) =>
    signatures.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ')
  for (const { path, bytes, inputs, outputs } of written)
    console.log(`${path} (${(bytes / 1e6).toFixed(1)} MB): ${list(inputs)} -> ${list(outputs)}`)
}
