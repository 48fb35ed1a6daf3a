/** One daily bar, or a few, in another unit or adjusted for a split that comes later. */
import { around } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'other-scale',
  why: 'Cents for dollars, thousands for units, or one adjusted day among raw ones: returns of a hundredfold, and no price in it can be used.',
  severity: 'RED',
  kinds: ['one'],
  judges: 'present',
  secondSettles: 'prices',
  judge(facts, { daily: { other_scale: least } }) {
    if (around(facts, 'otherUnit') > 0) return { flag: 'OTHER_SCALE', severity: 'RED', numbers: {} }
    const shift = around(facts, 'shift')
    if (shift === 0 || around(facts, 'shiftRest') > least.rest) return null
    const fromSplit = facts.around?.shiftFromSplit
    const isSplit = shift >= least.split && fromSplit !== undefined && fromSplit <= least.from_split
    if (shift < least.shift && !isSplit) return null
    return { flag: 'OTHER_SCALE', severity: 'RED', numbers: { times: Math.round(Math.exp(shift) * 100) / 100 } }
  },
}
