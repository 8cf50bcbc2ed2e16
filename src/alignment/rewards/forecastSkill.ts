import type { Reward } from '../reward.ts'
import { channelErrors, winRates } from './winRate.ts'

/** How good the forecast from a candidate is after `lead` hours: its win rate over channels. */
export function forecastSkill({ lead = 48, raw = false } = {}): Reward {
  const name = lead === 48 ? 'forecast' : `forecast-${lead}h`
  return {
    name: raw ? `${name}-raw` : name,
    larger: true,
    relative: true,
    leads: [lead],
    evaluate(_, context) {
      const { states, truth } = context.forecast(lead)
      return winRates(channelErrors(states, truth, context.world), { scaled: !raw })
    },
  }
}
