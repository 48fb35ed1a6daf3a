/** A price that another vendor does not have, by more than vendors differ in life. */
import { beliefOf } from '../belief.ts'
import type { Check } from '../check.ts'
import { distanceOf } from '../pair-distance.ts'
import { pairNumbers } from '../pair-facts.ts'

export const check: Check = {
  id: 'second-price',
  why: 'A wrong price that is no larger than a real move is seen by nothing but a second vendor.',
  severity: 'RED',
  kinds: ['one', 'session_minutes'],
  judges: 'present',
  judge(facts, thresholds) {
    const { second: pair } = facts
    if (pair === null) return null
    const { prices, isSwapped } = distanceOf(pair, thresholds)
    if (prices === 0 || isSwapped) return null
    const belief = beliefOf(facts, thresholds)
    // What is wrong with the other version is said of that one.
    if (belief === 'first') return null
    const severity = belief === 'undecided' ? 'AMBER' : 'RED'
    return { flag: 'VENDORS_PRICE_DIFFERS', severity, numbers: pairNumbers(pair) }
  },
}
