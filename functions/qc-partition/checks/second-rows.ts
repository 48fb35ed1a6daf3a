/** More or fewer minutes than another vendor has of the session, against how the two usually stand to each other. */
import { beliefOf } from '../belief.ts'
import type { Check } from '../check.ts'
import { distanceOf } from '../pair-distance.ts'
import { pairNumbers } from '../pair-facts.ts'

export const check: Check = {
  id: 'second-rows',
  why: 'Minutes that were lost in a thin name look like minutes without a trade, until another vendor has them.',
  severity: 'RED',
  kinds: ['session_minutes'],
  judges: 'present',
  judge(facts, thresholds) {
    const { second: pair } = facts
    if (pair === null) return null
    const { prices, rows } = distanceOf(pair, thresholds)
    if (rows === 0) return null
    const belief = beliefOf(facts, thresholds)
    if (belief === 'first') return null
    const severity = prices === 0 && belief !== 'undecided' ? 'RED' : 'AMBER'
    return { flag: 'VENDORS_ROWS_DIFFER', severity, numbers: pairNumbers(pair) }
  },
}
