import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/**
 * WebGPU without a GPU: chromium brings SwiftShader, a Vulkan device in software, and a Vulkan loader. Both are found
 * through variables that must be set before a process starts, hence the child process.
 */
const folder = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/usr/lib64/chromium-browser'].find((f) =>
  existsSync(join(f, 'vk_swiftshader_icd.json')),
)

/** Why there is no WebGPU to test on, or undefined. */
export const withoutWebgpu: string | undefined = folder
  ? undefined
  : 'no chromium with vk_swiftshader_icd.json is installed'

/** Runs a module of this folder with `args` on SwiftShader and hands over each line of JSON that it prints. */
export async function onSwiftShader(
  module: string,
  args: readonly string[],
  receive: (line: unknown) => void,
): Promise<void> {
  if (!folder) throw new Error(withoutWebgpu)
  const path = fileURLToPath(new URL(module, import.meta.url))
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', path, ...args], {
    env: {
      ...process.env,
      VK_DRIVER_FILES: join(folder, 'vk_swiftshader_icd.json'),
      LD_LIBRARY_PATH: folder,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let complaints = ''
  child.stderr?.on('data', (chunk) => {
    complaints += chunk
  })
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  lines.on('line', (line) => {
    if (line.startsWith('{')) receive(JSON.parse(line))
  })
  const [code] = await Promise.all([
    new Promise((resolve) => child.on('close', resolve)),
    new Promise((resolve) => lines.on('close', resolve)),
  ])
  if (code !== 0) throw new Error(`${module} ended with ${code}: ${complaints.slice(-2000)}`)
}
