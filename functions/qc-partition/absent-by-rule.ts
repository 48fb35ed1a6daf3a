/** Absences that need no evidence because the configuration itself states them. */
import type { DatasetConfig } from '../../config/schema.ts'
import { type Desk, serversOf } from '../_dispatch/desk.ts'
import { firstDt } from '../_dispatch/reach.ts'
import type { DatasetName } from '../_market/cell.ts'
import { type Dt, minDt } from '../_market/dt.ts'
import type { AbsenceReason } from '../_market/outcome.ts'

/** The reason a day of a dataset cannot be had from anyone: no vendor is entitled to it, or all histories begin later. */
export function absentByRule(desk: Desk, dataset: DatasetName, _spec: DatasetConfig): (dt: Dt) => AbsenceReason | null {
  const servers = serversOf(desk, dataset)
  if (servers.length === 0) return () => 'NOT_ENTITLED'
  const reached = servers.map(({ terms }) => firstDt(terms.history, desk.now())).reduce(minDt)
  return (dt) => (dt < reached ? 'BEFORE_VENDOR_HISTORY' : null)
}
