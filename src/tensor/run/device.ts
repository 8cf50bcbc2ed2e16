import { ConfigError, didYouMean } from '../../base/errors.ts'

/** Where programs run. */
export const devices = ['cpu', 'webgpu', 'cuda'] as const
/** Where programs run. */
export type Device = (typeof devices)[number]

/**
 * The device asked for by name, by the variable ALIGN_DA_DEVICE, or the CPU.
 * @throws ConfigError when there is no such device
 */
export function chooseDevice(name = process.env.ALIGN_DA_DEVICE ?? 'cpu'): Device {
  const found = devices.find((d) => d === name)
  if (!found)
    throw new ConfigError(
      `unknown device '${name}'${didYouMean(name, devices)}; devices are ${devices.join(', ')}`,
    )
  return found
}
