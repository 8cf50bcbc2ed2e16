import { FormatError } from '../../base/errors.ts'
import { type ForecastModel, loadForecastModel } from '../../forecast/learned.ts'
import { surrogateStep } from '../../forecast/surrogate.ts'
import { type World, worldToJson } from '../../forecast/world.ts'
import { decode, encode, latentShape } from '../../latent/autoencoder.ts'
import { type LatentModel, loadLatentModel } from '../../latent/codec.ts'
import { Parameters, type Weights } from '../../nn/index.ts'
import { openSafetensors } from '../../nn/safetensors.ts'
import { latentTarget, networkDenoiser, type Prior } from '../../prior/index.ts'
import { loadPriorModel } from '../../prior/model.ts'
import { compile, type HostTensor, input, type Program, type Tensor } from '../../tensor/index.ts'

/** The networks of a model as expressions: the outputs of each part by name, and the parameters they share. */
export interface Networks {
  readonly parameters: Parameters
  readonly parts: Readonly<Record<string, Readonly<Record<string, Tensor>>>>
}

/** A network ready to be written as a file of its own. */
export interface ExportPart {
  /** `forecast`, `encoder`, `decoder` or `denoiser`. */
  readonly name: string
  readonly program: Program
  /** The weights this part needs, by program input. */
  readonly weights: Readonly<Record<string, HostTensor>>
  /** What its user has to know: channels, grid and normalisation as JSON. */
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * `forecast`: states [batch, channel, lat, lon], z-scored, and season [batch, 2] (sine and cosine of the time of
 * year) -> next, the states a step later.
 */
export function forecastNetworks(
  { world, context, size }: Pick<ForecastModel, 'world' | 'context' | 'size'>,
  batch: number,
): Networks {
  const parameters = new Parameters()
  const next = surrogateStep(parameters, stateInput(world, batch), input('season', [batch, 2]), context, size)
  return { parameters, parts: { forecast: { next } } }
}

/** `encoder`: states -> latents [batch, d, rows, columns], the mode of q(z | x). `decoder`: latents -> states. */
export function autoencoderNetworks(
  { world, size }: Pick<LatentModel, 'world' | 'size'>,
  batch: number,
): Networks {
  const parameters = new Parameters()
  const { channels, grid } = world
  const shape = { channels: channels.length, lat: grid.latitude.length, lon: grid.longitude.length }
  const z = input('latents', [batch, ...latentShape(shape, size)])
  return {
    parameters,
    parts: {
      encoder: { latents: encode(parameters, stateInput(world, batch), size).mean },
      decoder: { states: decode(parameters, z, shape, size) },
    },
  }
}

/**
 * `denoiser`: u [batch, d, rows, columns], what is diffused at times t [batch], the raw background latents and, where
 * the prior asks for it, the season -> epsilon, the expected noise; z0, the expected clean u; latents, the same as
 * raw latents.
 */
export function priorNetworks(
  { config, statistics, shape }: Pick<Prior, 'config' | 'statistics' | 'shape'>,
  batch: number,
): Networks {
  const parameters = new Parameters()
  const field = (name: string) => input(name, [batch, ...shape])
  const [u, background] = [field('u'), field('background')]
  const target = latentTarget(config.target, statistics, shape)
  const season = config.season ? input('season', [batch, 2]) : undefined
  const condition = { background: target.condition(background), season }
  const { epsilon, z0 } = networkDenoiser(parameters, config, condition).predict(u, input('t', [batch]))
  return { parameters, parts: { denoiser: { epsilon, z0, latents: target.decode(z0, background) } } }
}

/** Compiles the parts and gives each its weights. */
export function exportParts(
  { parameters, parts }: Networks,
  { weights, world }: { weights: Weights; world: World },
  metadata: Readonly<Record<string, string>> = {},
  where?: string,
): ExportPart[] {
  const feeds = parameters.feeds(weights, where)
  return Object.entries(parts).map(([name, outputs]) => {
    const program = compile(outputs, { name })
    const own = program.inputs.filter((i) => i.name in feeds).map((i) => [i.name, feeds[i.name]] as const)
    return {
      name,
      program,
      weights: Object.fromEntries(own),
      metadata: { network: name, world: JSON.stringify(worldToJson(world)), ...metadata },
    }
  })
}

/**
 * The networks of a trained model of any kind, for batches of the given size.
 * @throws FormatError when the file is damaged or none of the models of this project
 */
export async function modelParts(path: string, batch: number): Promise<ExportPart[]> {
  const file = await openSafetensors(path)
  await file.close()
  const kind = /^align-da (\w+) /.exec(file.metadata.kind ?? '')?.[1]
  switch (kind) {
    case 'forecast': {
      const model = await loadForecastModel(path)
      const metadata = { stepHours: String(model.stepHours) }
      return exportParts(forecastNetworks(model, batch), model, metadata, path)
    }
    case 'autoencoder': {
      const model = await loadLatentModel(path)
      return exportParts(autoencoderNetworks(model, batch), model, {}, path)
    }
    case 'prior': {
      const model = await loadPriorModel(path)
      const { schedule, target, prediction } = model.config
      return exportParts(priorNetworks(model, batch), model, { schedule, target, prediction }, path)
    }
    default:
      throw new FormatError(
        `${path} is ${file.metadata.kind ? `of kind '${file.metadata.kind}'` : 'no model of ours'}; forecast models, autoencoders and priors can be exported`,
      )
  }
}

function stateInput({ channels, grid }: World, batch: number): Tensor {
  return input('states', [batch, channels.length, grid.latitude.length, grid.longitude.length])
}
