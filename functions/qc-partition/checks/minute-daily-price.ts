/** High and low of the minutes both lie beyond those of the daily bar, on one side: one of the two is at another scale. */
import { minutesOf } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'minute-daily-price',
  why: 'Minutes in other units, or adjusted ones, are consistent among themselves: only their daily bar contradicts them.',
  severity: 'RED',
  kinds: ['session_minutes'],
  judges: 'present',
  secondSettles: 'prices',
  judge(facts, { minute: { daily_price: daily } }) {
    const { bars, dailyShift, step } = minutesOf(facts)
    if (bars < daily.bars || dailyShift === null || Math.abs(dailyShift) < daily.shift) return null
    const shift = Math.abs(Math.log1p(dailyShift))
    // Minutes that go on where those of the session before ended are not the ones that left.
    const isOther = shift >= daily.large && step !== null && Math.abs(Math.log1p(step)) < shift / 2
    const numbers = { daily_shift: dailyShift, ...(step === null ? {} : { step }) }
    return { flag: 'DAILY_PRICE_DIFFERS', severity: isOther ? 'AMBER' : 'RED', numbers }
  },
}
