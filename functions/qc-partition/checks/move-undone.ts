/** A daily bar, or its close alone, that leaves its surroundings and is back at the next open. */
import { around } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'move-undone',
  why: 'A wrong close makes two large returns that never were; a real move seldom is taken back to the cent overnight.',
  severity: 'AMBER',
  kinds: ['one'],
  judges: 'present',
  secondSettles: 'prices',
  judge(facts, { daily: { move_undone: least } }) {
    const move = around(facts, 'undone')
    const gaps = around(facts, 'undoneGaps')
    const bothGaps = around(facts, 'undoneBothGaps')
    const isLarge = move >= least.move && (gaps >= least.gaps || bothGaps >= least.both_gaps)
    // Where much of the market went the same way and back, it was news.
    const isMarket = around(facts, 'together') >= least.market_share && move < 2 * least.move
    if (!isLarge || isMarket || around(facts, 'undoneRest') > least.rest) return null
    return { flag: 'MOVE_UNDONE', severity: 'AMBER', numbers: { move, gaps } }
  },
}
