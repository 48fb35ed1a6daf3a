/** Rows that name another day than the one whose folder they lie in. */
import { measured } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'date-mismatch',
  why: 'A value filed under another day leaks the future into the past, or repeats it.',
  severity: 'RED',
  kinds: ['one', 'session_minutes', 'series', 'contracts', 'events'],
  judges: 'present',
  judge(facts) {
    const rows = measured(facts.otherDates, 'otherDates')
    return rows > 0 ? { flag: 'DATE_MISMATCH', severity: 'RED', numbers: { other_dates: rows } } : null
  },
}
