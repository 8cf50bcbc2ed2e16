import { Codec } from '../../latent/codec.ts'
import { latentSchema } from '../../latent/config.ts'
import { trainLatent } from '../../latent/train.ts'
import { mae } from '../../verification/mae.ts'
import { gather, meanSquare, type Setting, spread } from './setting.ts'
import { meanSpectra, worstDeparture } from './spectra.ts'

/** Reconstruction of test states by the released autoencoder, and by principal components of three sizes. */
export async function evaluateAutoencoder(setting: Setting) {
  const { test, codec, runtime, training } = setting
  const states = gather(test, spread(0, test.times.length, 120))
  const reconstruct = async (c: Codec) => c.decodeLatents(await c.encodeStates(states))
  const back = await reconstruct(codec)
  const truth = meanSpectra(states, test)
  const sizes = []
  for (const channels of [39, 64, 128]) {
    const size = latentSchema.parse({ channels, blocks: 0, steps: 0 })
    const weights = await trainLatent({
      runtime,
      training,
      validation: test,
      config: size,
      seed: 0,
      folder: '',
    })
    const linear = await Codec.create(runtime, { world: training, size, weights, provenance: {} })
    sizes.push({
      channels,
      compression: test.stateSize / linear.shape.reduce((a, b) => a * b),
      mse: meanSquare(await reconstruct(linear), states),
    })
    await linear.close()
  }
  return {
    mse: meanSquare(back, states),
    mae: mae(back, states),
    compression: test.stateSize / codec.shape.reduce((a, b) => a * b),
    spectra: worstDeparture(meanSpectra(back, test), truth, 20),
    sizes,
  }
}
