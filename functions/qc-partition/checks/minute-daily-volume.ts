/** The minutes' volume is another than that of their daily bar. */
import { minutesOf } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'minute-daily-volume',
  why: 'Volume of one exchange, in lots, or of half the minutes looks like a quiet day.',
  severity: 'AMBER',
  kinds: ['session_minutes'],
  judges: 'present',
  secondSettles: 'volume',
  judge(facts, { minute: { daily_volume: daily } }) {
    const { dailyVolume: all, dailyRegularVolume: regular } = minutesOf(facts)
    if (all === null || regular === null || (all >= daily.least && regular <= daily.most)) return null
    return { flag: 'DAILY_VOLUME_DIFFERS', severity: 'AMBER', numbers: { daily_volume: all, regular_volume: regular } }
  },
}
