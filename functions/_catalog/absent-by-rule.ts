/** Absences that need no evidence because the configuration itself states them. */
import type { DatasetName } from '../_market/cell.ts'
import { type Dt, minDt } from '../_market/dt.ts'
import type { AbsenceReason } from '../_market/outcome.ts'
import { historyStart } from './availability.ts'
import { sourcesFor } from './catalog.ts'
import type { DispatchContext } from './context.ts'

type Asked = Pick<DispatchContext, 'vendors' | 'now'>

/** The first day any vendor's history reaches; null where no vendor may be asked for the dataset. */
export function earliestAvailable(context: Asked, dataset: DatasetName): Dt | null {
  const sources = sourcesFor(context, dataset)
  return sources.length === 0
    ? null
    : sources.map(({ terms }) => historyStart(terms.history, context.now())).reduce(minDt)
}

/** The reason a day of a dataset cannot be had from anyone: no vendor is entitled to it, or all histories begin later. */
export function absentByRule(context: Asked, dataset: DatasetName): (dt: Dt) => AbsenceReason | null {
  const reached = earliestAvailable(context, dataset)
  if (reached === null) return () => 'NOT_ENTITLED'
  return (dt) => (dt < reached ? 'BEFORE_VENDOR_HISTORY' : null)
}
