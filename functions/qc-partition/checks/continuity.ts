/** A long hole in the minutes of a name that otherwise trades every minute. */
import { measured } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'continuity',
  why: 'A lost page of an answer leaves a hole that the number of rows alone hides; a halt leaves one too and is worth knowing.',
  severity: 'AMBER',
  kinds: ['session_minutes'],
  judges: 'present',
  secondSettles: 'rows',
  judge(facts, { continuity }) {
    const hole = measured(facts.longestHole, 'longestHole')
    if (hole <= continuity.max_gap_minutes) return null
    const session = measured(facts.sessionMinutes, 'sessionMinutes')
    // The minutes around the hole decide whether the symbol is liquid: neither its own hole nor a baseline learned from cut days makes it look thin.
    const around = session - hole
    const share = Math.max(
      facts.baselineShare ?? 0,
      around > 0 ? measured(facts.regularRows, 'regularRows') / around : 0,
    )
    if (share < continuity.liquid_share) return null
    return { flag: 'MINUTE_HOLE', severity: 'AMBER', numbers: { longest_hole: hole, share } }
  },
}
