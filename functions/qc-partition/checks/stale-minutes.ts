/** Minutes that repeat the one before: a feed that stood still and was written on. */
import { minutesOf } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'stale-minutes',
  why: 'A price that stands still looks like calm, and its volume like trades that never were.',
  severity: 'AMBER',
  kinds: ['session_minutes'],
  judges: 'present',
  secondSettles: 'prices',
  judge(facts, { minute: { stale } }) {
    const { repeats, copies, range } = minutesOf(facts)
    // Most minutes of a cheap name have one price: that the next one has it too says nothing there.
    const standsStill = repeats >= stale.prices && (range ?? 0) > 0
    if (!standsStill && copies < stale.copies) return null
    return { flag: 'STALE_MINUTES', severity: 'AMBER', numbers: { repeats, copies } }
  },
}
