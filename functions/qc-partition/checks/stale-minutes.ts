/** Minutes that repeat the one before: a feed that stood still and was written on. */
import { minutesOf } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'stale-minutes',
  why: 'A price that stands still looks like calm, and its volume like trades that never were.',
  severity: 'AMBER',
  kinds: ['session_minutes'],
  judges: 'present',
  judge(facts, { minute: { stale } }) {
    const { repeats, copies } = minutesOf(facts)
    if (repeats < stale.prices && copies < stale.copies) return null
    return { flag: 'STALE_MINUTES', severity: 'AMBER', numbers: { repeats, copies } }
  },
}
