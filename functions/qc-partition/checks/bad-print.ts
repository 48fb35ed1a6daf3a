/** One price far away from the rest of its daily bar and from the bars around: a wick, or an open that nothing follows. */
import { around } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'bad-print',
  why: 'One trade at a wrong price makes a high or a low that nobody could have traded at; stops and ranges computed from it are fiction.',
  severity: 'RED',
  kinds: ['one'],
  judges: 'present',
  secondSettles: 'prices',
  judge(facts, { daily: { bad_print: least } }) {
    const wick = around(facts, 'wick')
    const spike = around(facts, 'spike')
    const scales = around(facts, 'spikeScales')
    if (spike >= least.red_from && scales >= least.red_scales)
      return { flag: 'BAD_PRINT', severity: 'RED', numbers: { wick, scales } }
    if (wick >= least.wick && spike >= least.beyond_neighbours && scales >= least.scales)
      return { flag: 'BAD_PRINT', severity: 'AMBER', numbers: { wick, scales } }
    const open = around(facts, 'openUndone')
    const isOpen =
      open >= least.open &&
      around(facts, 'openUndoneScales') >= least.scales &&
      around(facts, 'openRest') <= least.open_rest
    return isOpen ? { flag: 'BAD_PRINT', severity: 'AMBER', numbers: { open } } : null
  },
}
