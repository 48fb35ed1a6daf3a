/** An overnight step by a ratio that companies split by, without an action that says so. */
import { around } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'untold-split',
  why: 'A split that nobody tells of is a loss of half the price to whoever trains on it.',
  severity: 'AMBER',
  kinds: ['one'],
  judges: 'present',
  judge(facts, { daily: { untold_split: least } }) {
    const step = around(facts, 'step')
    const gaps = around(facts, 'stepGaps')
    if (step < least.step || gaps < least.gaps || around(facts, 'stepFromRatio') > least.from_ratio) return null
    // News moves a price by less than half, and then many trade it.
    const isNews = gaps < least.small_gaps || around(facts, 'stepVolume') >= least.news_volume
    if (step < least.large && isNews) return null
    return { flag: 'UNTOLD_SPLIT', severity: 'AMBER', numbers: { step, gaps } }
  },
}
