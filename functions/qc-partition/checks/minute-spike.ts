/** A minute that left the minutes around it and came back: a bad print, or a unit that slipped once. */
import { measured, minutesOf } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'minute-spike',
  why: 'One print at another price makes the largest return of the day out of nothing, twice.',
  severity: 'RED',
  kinds: ['session_minutes'],
  judges: 'present',
  secondSettles: 'prices',
  judge(facts, { minute }) {
    const { bars, spike, range } = minutesOf(facts)
    // Of fewer than three bars none has both a bar before and one after.
    if (bars < 3 || spike === null) return null
    const usual = measured(range, 'minutes')
    if (spike < minute.spike.share || spike < usual * minute.spike.ranges) return null
    const severity = spike >= minute.spike.red_from ? 'RED' : 'AMBER'
    return { flag: 'MINUTE_SPIKE', severity, numbers: { spike, range: usual } }
  },
}
