/** A yield that leaves by more than any did and is back the next day. */
import { curveOf } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'yield-move-undone',
  why: 'A digit that is wrong for a day is a jump and its return in every difference that a model learns from.',
  severity: 'AMBER',
  kinds: ['series'],
  judges: 'present',
  judge(facts, { yields }) {
    const { undone } = curveOf(facts)
    return undone > yields.move_undone ? { flag: 'YIELD_MOVE_UNDONE', severity: 'AMBER', numbers: { undone } } : null
  },
}
