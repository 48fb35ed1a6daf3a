/** A minute's high or low far beyond its own open and close and beyond the bars beside it. */
import { measured, minutesOf } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'minute-wick',
  why: 'Nobody traded at the end of a false wick, and stops and ranges are computed from it.',
  severity: 'RED',
  kinds: ['session_minutes'],
  judges: 'present',
  secondSettles: 'prices',
  judge(facts, { minute }) {
    const { bars, wick, range } = minutesOf(facts)
    if (bars < 3 || wick === null) return null
    const usual = measured(range, 'minutes')
    if (wick < minute.wick.share || wick < usual * minute.wick.ranges) return null
    const severity = wick >= minute.wick.red_from ? 'RED' : 'AMBER'
    return { flag: 'MINUTE_WICK', severity, numbers: { wick, range: usual } }
  },
}
