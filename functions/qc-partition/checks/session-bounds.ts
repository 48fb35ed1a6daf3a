/** Bars at an hour, or on a day, at which this market does not trade. Pre-market and post-market bars are normal. */
import { measured } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'session-bounds',
  why: 'Bars at three in the morning mean a wrong time zone, and then every other bar of the cell is shifted as well.',
  severity: 'RED',
  kinds: ['one', 'session_minutes', 'contracts'],
  judges: 'present',
  judge(facts) {
    const rows = measured(facts.outsideRows, 'outsideRows')
    return rows > 0 ? { flag: 'OUTSIDE_SESSION', severity: 'RED', numbers: { outside_rows: rows } } : null
  },
}
