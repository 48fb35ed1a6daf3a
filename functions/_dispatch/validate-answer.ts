/** Validates an answer: rejects one that is well formed but answers another question, as when a vendor ignores the range. */
import type { DatasetConfig } from '../../config/schema.ts'
import { maxDt, minDt } from '../_market/dt.ts'
import { type Answer, type CallPlan, VendorError } from '../_vendors/vendor.ts'

/**
 * A vendor that serves bars or yields of other days only has ignored the range it was asked for: that says nothing about the days it was asked for,
 * least of all that they are empty. The whole answer is then malformed. An odd row beside rows that were asked for is only dropped.
 * Events are exempt: what is asked for there is a window of other days than those an action belongs to.
 */
export function rejectIrrelevant(answer: Answer, plan: CallPlan, spec: DatasetConfig): Answer {
  const { unrequested, rows, interruption } = answer
  if (spec.expected_rows === 'events' || interruption !== null || rows.size > 0 || unrequested.length === 0)
    return answer
  const days = plan.wants.map(({ dt }) => dt)
  const [from, to] = [days.reduce(minDt), days.reduce(maxDt)]
  if (unrequested.some(({ dt }) => dt >= from && dt <= to)) return answer
  const { symbol, dt } = unrequested[0]!
  const what = `asked for ${from} to ${to}, served only other days, such as ${symbol} ${dt}`
  return {
    ...answer,
    complete: new Set(),
    interruption: new VendorError(plan.vendor, 'malformed', `${plan.vendor}: ${what}`, { status: 200, sample: what }),
  }
}
