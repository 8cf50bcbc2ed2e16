import { delta, type PreferenceLoss } from './preferenceLoss.ts'

/** Strength of the divergence, and how much the two kinds of samples count. */
export interface DiffusionKtoOptions {
  beta: number
  /** Weights of desirable and undesirable samples. */
  desirable?: number
  undesirable?: number
}

/**
 * Diffusion-KTO (Li et al. 2024, arXiv 2404.04465, eq. 8) with the sigmoid as utility: for a desirable sample
 * 1 - sigmoid(beta (h - Q)), for an undesirable one 1 - sigmoid(-beta (h - Q)), h = -Delta and Q = max(0, mean of h over
 * the batch), through which no gradient flows. Samples are judged by themselves: winners need only be good and losers
 * bad, of whatever backgrounds. The loss of a pair is the mean of its two.
 */
export function diffusionKto({ beta, desirable = 1, undesirable = 1 }: DiffusionKtoOptions): PreferenceLoss {
  return {
    name: 'kto',
    judge(winner, loser) {
      const [good, bad] = [delta(winner).mul(-beta), delta(loser).mul(-beta)]
      const Q = good.add(bad).mean().mul(0.5).relu().stopGradient()
      const each = Q.sub(good).sigmoid().mul(desirable).add(bad.sub(Q).sigmoid().mul(undesirable)).mul(0.5)
      return { each, inside: good.sub(bad) }
    },
  }
}
