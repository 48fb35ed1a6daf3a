/** A daily volume far below what is usual for the symbol: that of one exchange instead of all. */
import { around } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'partial-volume',
  why: 'The volume of one exchange is a fortieth of the tape; turnover and liquidity computed from it are off by as much.',
  severity: 'AMBER',
  kinds: ['one'],
  judges: 'present',
  secondSettles: 'volume',
  judge(facts, { daily: { partial_volume: least } }) {
    const drop = around(facts, 'volumeDrop')
    if (drop < least.drop || around(facts, 'volumeBelowLow') < least.below_low) return null
    return {
      flag: 'PARTIAL_VOLUME',
      severity: 'AMBER',
      numbers: { share_of_usual: Math.round(Math.exp(-drop) * 1000) / 1000 },
    }
  },
}
