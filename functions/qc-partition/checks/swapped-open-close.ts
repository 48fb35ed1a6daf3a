/** Open and close in each other's column: the minutes join better the other way round. */
import { minutesOf } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'swapped-open-close',
  why: 'Every return within a minute has the wrong sign, and no single bar shows it.',
  severity: 'AMBER',
  kinds: ['session_minutes'],
  judges: 'present',
  secondSettles: 'prices',
  judge(facts, { minute: { swapped } }) {
    const { bars, stepsOverSwapped: steps } = minutesOf(facts)
    if (bars < swapped.bars || steps === null || steps < swapped.steps) return null
    return { flag: 'OPEN_CLOSE_SWAPPED', severity: 'AMBER', numbers: { bars, steps_over_swapped: steps } }
  },
}
