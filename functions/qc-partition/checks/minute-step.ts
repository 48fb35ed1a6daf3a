/** The minutes begin at many times, or a small part of, the price at which the session before ended, and no daily bar says that they may. */
import { minutesOf } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'minute-step',
  why: 'Cents for dollars, or thousandths, are consistent within their day: only the day before shows the factor.',
  severity: 'RED',
  kinds: ['session_minutes'],
  judges: 'present',
  secondSettles: 'prices',
  judge(facts, { minute: { step: most } }) {
    const { bars, step, dailyShift } = minutesOf(facts)
    if (bars < most.bars || step === null || step <= -1 || Math.abs(Math.log(1 + step)) < Math.log(most.factor))
      return null
    // The daily bar is of the same scale: a split, or a step that is true.
    if (dailyShift !== null && Math.abs(dailyShift) < most.daily_shift) return null
    // Without a daily bar nobody can tell which of the two days is at another scale.
    return { flag: 'MINUTE_UNIT', severity: dailyShift === null ? 'AMBER' : 'RED', numbers: { step } }
  },
}
