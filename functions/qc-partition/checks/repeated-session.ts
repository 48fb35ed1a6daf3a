/** The minutes of the first three hours have the prices of the session before. */
import { minutesOf } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'repeated-session',
  why: 'A day served twice under two dates is whole, ordered and wrong.',
  severity: 'RED',
  kinds: ['session_minutes'],
  judges: 'present',
  secondSettles: 'prices',
  judge(facts, { minute: { repeated_session: repeated } }) {
    const { bars, repeatsSession } = minutesOf(facts)
    // A few bars of a thin symbol may be alike by chance.
    if (bars < repeated.bars || repeatsSession !== 1) return null
    return { flag: 'REPEATED_SESSION', severity: 'RED', numbers: { bars } }
  },
}
