import { execFileSync } from 'node:child_process'

const python = '/usr/bin/python3'

/** Why there is no Python with the onnx package, or undefined. */
export const withoutPythonOnnx: string | undefined = (() => {
  try {
    execFileSync(python, ['-c', 'import onnx, numpy'], { stdio: 'ignore' })
    return undefined
  } catch {
    return `${python} has no onnx package`
  }
})()

/** Runs a script in Python with `args`; it prints one JSON value. */
export function python3(script: string, args: readonly string[]): unknown {
  return JSON.parse(execFileSync(python, ['-c', script, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 }))
}

/** What onnx.checker says of every model of a folder: name without ending -> complaint, empty when there is none. */
export function checkFolder(folder: string): Record<string, string> {
  const script = `
import json, os, sys, onnx
said = {}
for name in sorted(os.listdir(sys.argv[1])):
    if not name.endswith('.onnx'): continue
    try:
        onnx.checker.check_model(os.path.join(sys.argv[1], name), full_check=True)
        said[name[:-5]] = ''
    except Exception as e:
        said[name[:-5]] = str(e) or repr(e)
print(json.dumps(said))
`
  return python3(script, [folder]) as Record<string, string>
}
