/** An expected cell without a single row: explained by a reason of the closed list, given up without a usable answer, or missing. */
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'missing',
  why: 'A day that is silently not there teaches a model that it never happened.',
  severity: 'RED',
  kinds: ['one', 'session_minutes', 'series', 'contracts', 'events'],
  judges: 'absent',
  judge(facts) {
    // What was asked for until every attempt was used up is explained by nobody.
    if (facts.reason === 'GIVEN_UP') return { flag: 'GIVEN_UP', severity: 'RED', numbers: { rows: 0 } }
    if (facts.reason !== null) return { flag: facts.reason, severity: 'AMBER', numbers: {} }
    return { flag: 'MISSING', severity: 'RED', numbers: { rows: 0 } }
  },
}
