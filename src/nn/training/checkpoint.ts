import { createHash } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ConfigError, FormatError, ShapeError } from '../../base/errors.ts'
import type { HostTensor, Shape } from '../../tensor/index.ts'
import { readSafetensors, writeSafetensors } from '../safetensors.ts'
import { checkWeights, hostTensor, storedWeights } from '../weights.ts'

const FORMAT = 'align-da checkpoint 1'

/** What training has come to besides tensors. Numbers survive JSON exactly. */
export interface Progressed {
  /** Finished steps. */
  readonly step: number
  /** The best validation loss so far and the step it was reached at. */
  readonly best?: { readonly loss: number; readonly step: number }
  /** Sums of what is reported since the last line of metrics. */
  readonly running: Record<string, number>
  readonly stoppedEarly: boolean
}

/** What must be the same for a run to go on from a checkpoint. */
export interface Identity {
  /** Free description of the network beyond the shapes of its parameters, e.g. its options. */
  readonly architecture: unknown
  /** Settings of the training: optimiser, schedule, seed. */
  readonly settings: Readonly<Record<string, unknown>>
}

/** Writes a checkpoint, whole or not at all: safetensors with everything else in the metadata. */
export async function saveCheckpoint(
  path: string,
  tensors: ReadonlyMap<string, HostTensor>,
  progressed: Progressed,
  identity: Identity,
): Promise<void> {
  await writeSafetensors(path, storedWeights(tensors), {
    format: FORMAT,
    progress: JSON.stringify(progressed),
    ...describe(tensors, identity),
  })
}

/**
 * Reads a checkpoint that holds tensors like `specs`.
 * @throws FormatError when the file is damaged or no checkpoint
 * @throws ShapeError when it is of another architecture, naming what differs
 * @throws ConfigError when it was trained with other settings
 */
export async function loadCheckpoint(
  path: string,
  specs: readonly { name: string; shape: Shape }[],
  identity: Identity,
): Promise<{ tensors: Map<string, HostTensor>; progressed: Progressed }> {
  const { tensors: stored, metadata } = await readSafetensors(path)
  if (metadata.format !== FORMAT)
    throw new FormatError(
      `${path}: no checkpoint of training: its format is ${metadata.format ?? 'not given'}`,
    )
  checkWeights(specs, stored, `${path}: the tensors`)
  const mine = describe(new Map(specs.map((s) => [s.name, s])), identity)
  if (metadata.fingerprint !== mine.fingerprint)
    throw new ShapeError(
      `${path}: a checkpoint of another architecture: ${metadata.architecture}, here it is ${mine.architecture}`,
    )
  const theirs = parse(path, metadata.settings) as Identity['settings']
  const here = JSON.parse(mine.settings) as Identity['settings']
  for (const key of new Set([...Object.keys(theirs), ...Object.keys(here)])) {
    const [a, b] = [JSON.stringify(theirs[key]), JSON.stringify(here[key])]
    if (a !== b)
      throw new ConfigError(
        `${path}: trained with ${key} ${a ?? 'not set'}, here it is ${b ?? 'not set'}. ` +
          'Use the same settings to go on, another folder to start anew.',
      )
  }
  const progressed = parse(path, metadata.progress) as Progressed
  return { tensors: new Map([...stored].map(([name, t]) => [name, hostTensor(name, t)])), progressed }
}

/** Removes what a killed process left of files it was writing beside `path`. */
export async function removeLeftovers(path: string): Promise<void> {
  const folder = dirname(path)
  for (const name of await readdir(folder))
    if (name.startsWith(`.${basename(path)}.tmp-`)) await rm(join(folder, name), { force: true })
}

function describe(tensors: ReadonlyMap<string, { shape: Shape }>, { architecture, settings }: Identity) {
  const names = [...tensors].map(([name, { shape }]) => `${name} [${shape}]`).sort()
  const text = JSON.stringify(architecture ?? null)
  const fingerprint = createHash('sha256').update(text).update('\n').update(names.join('\n')).digest('hex')
  return { architecture: text, fingerprint, settings: JSON.stringify(settings) }
}

function parse(path: string, text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    throw new FormatError(`${path}: the metadata of the checkpoint cannot be read`)
  }
}
