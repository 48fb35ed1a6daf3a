/** A volume that stands to another vendor's as it never does. */
import { beliefOf } from '../belief.ts'
import type { Check } from '../check.ts'
import { distanceOf } from '../pair-distance.ts'
import { pairNumbers } from '../pair-facts.ts'

export const check: Check = {
  id: 'second-volume',
  why: 'A doubled volume is an ordinary busy day: only another vendor, and how the two usually stand to each other, shows it.',
  severity: 'RED',
  kinds: ['one', 'session_minutes'],
  judges: 'present',
  judge(facts, thresholds) {
    const { second: pair } = facts
    if (pair === null) return null
    const { prices, isSwapped, rows, volume } = distanceOf(pair, thresholds)
    if (volume === 0) return null
    // What the prices or the rows decide is decided of the whole version.
    const isAlone = prices === 0 && !isSwapped && rows === 0
    const belief = beliefOf(facts, thresholds)
    if (belief === 'first') return null
    const severity = isAlone && belief !== 'undecided' ? 'RED' : 'AMBER'
    return { flag: 'VENDORS_VOLUME_DIFFERS', severity, numbers: pairNumbers(pair) }
  },
}
