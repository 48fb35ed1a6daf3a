/** Open and close of a daily bar stand in each other's column, compared with another vendor. */
import { beliefOf } from '../belief.ts'
import type { Check } from '../check.ts'
import { distanceOf } from '../pair-distance.ts'
import { pairNumbers } from '../pair-facts.ts'

export const check: Check = {
  id: 'second-swapped',
  why: 'The day has the wrong sign and both nights beside it are wrong; one bar alone does not show it.',
  severity: 'RED',
  kinds: ['one'],
  judges: 'present',
  judge(facts, thresholds) {
    const { second: pair } = facts
    if (pair === null || !distanceOf(pair, thresholds).isSwapped) return null
    const belief = beliefOf(facts, thresholds)
    if (belief === 'first') return null
    const severity = belief === 'undecided' ? 'AMBER' : 'RED'
    return { flag: 'VENDORS_OPEN_CLOSE_SWAPPED', severity, numbers: pairNumbers(pair) }
  },
}
