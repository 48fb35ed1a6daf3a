/** The session's dense minutes lie an hour before or after it: stamps of another time zone, or of the wrong summer time. */
import { minutesOf } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'shifted-hour',
  why: 'Stamps that are an hour off move every minute to another one, and the last hour out of the session.',
  severity: 'AMBER',
  kinds: ['session_minutes'],
  judges: 'present',
  secondSettles: 'rows',
  judge(facts, { minute: { shifted_hour: shifted } }) {
    const { hourBefore, firstHour, lastHour, hourAfter } = minutesOf(facts)
    const isEarly = hourBefore >= shifted.rows && lastHour <= hourBefore * shifted.rest
    const isLate = hourAfter >= shifted.rows && firstHour <= hourAfter * shifted.rest
    if (!isEarly && !isLate) return null
    const numbers = { hour_before: hourBefore, first_hour: firstHour, last_hour: lastHour, hour_after: hourAfter }
    return { flag: 'SHIFTED_HOUR', severity: 'AMBER', numbers }
  },
}
