/** An expected cell without a single row: explained by a reason of the closed list, or missing. */
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'missing',
  why: 'A day that is silently not there teaches a model that it never happened.',
  severity: 'RED',
  kinds: ['one', 'session_minutes', 'series', 'contracts', 'events'],
  judges: 'absent',
  judge(facts) {
    if (facts.reason !== null) return { flag: facts.reason, severity: 'AMBER', numbers: {} }
    return { flag: 'MISSING', severity: 'RED', numbers: { rows: 0 } }
  },
}
