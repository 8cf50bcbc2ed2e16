import type { Reward } from '../reward.ts'
import { channelErrors, winRates } from './winRate.ts'

/** How near a candidate is to the truth: its win rate over channels. `raw`: in physical units, as the paper has it. */
export function accuracy({ raw = false } = {}): Reward {
  return {
    name: raw ? 'accuracy-raw' : 'accuracy',
    larger: true,
    relative: true,
    evaluate: (candidates, { truth, world }) =>
      winRates(channelErrors(candidates, truth, world), { scaled: !raw }),
  }
}
