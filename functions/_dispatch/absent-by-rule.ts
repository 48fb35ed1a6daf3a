/** Absences that need no evidence because the configuration itself states them. */
import type { DatasetName } from '../_market/cell.ts'
import { type Dt, minDt } from '../_market/dt.ts'
import type { AbsenceReason } from '../_market/outcome.ts'
import { type Desk, serversOf } from './desk.ts'
import { firstDt } from './reach.ts'

type Asked = Pick<Desk, 'seats' | 'now'>

/** The first day any vendor's history reaches; null where no vendor may be asked for the dataset. */
export function firstReached(desk: Asked, dataset: DatasetName): Dt | null {
  const servers = serversOf(desk, dataset)
  return servers.length === 0 ? null : servers.map(({ terms }) => firstDt(terms.history, desk.now())).reduce(minDt)
}

/** The reason a day of a dataset cannot be had from anyone: no vendor is entitled to it, or all histories begin later. */
export function absentByRule(desk: Asked, dataset: DatasetName): (dt: Dt) => AbsenceReason | null {
  const reached = firstReached(desk, dataset)
  if (reached === null) return () => 'NOT_ENTITLED'
  return (dt) => (dt < reached ? 'BEFORE_VENDOR_HISTORY' : null)
}
