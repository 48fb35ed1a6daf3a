/** Pending reason: why a cell that no vendor was asked for yet is missing. Its vendors are out, or do not have the day yet. */
import type { DatasetConfig } from '../../config/schema.ts'
import { FAILURES_TO_OPEN, listCircuits } from '../../db/circuits/circuits.ts'
import { availabilityOf } from '../_catalog/availability.ts'
import { sourcesFor } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import type { AbsenceReason } from '../_market/outcome.ts'

/**
 * The reason for a day of a dataset as things stand now. Null where a vendor that is well could have been asked: then the cell is missing
 * and no outage explains it. A vendor is out from the failure that opened its circuit until it answers again.
 */
export async function pendingReason(
  context: Pick<DispatchContext, 'db' | 'vendors' | 'now'>,
  dataset: DatasetName,
  spec: DatasetConfig,
): Promise<(dt: Dt) => AbsenceReason | null> {
  const now = context.now()
  const circuits = await listCircuits(context.db)
  const out = new Set(
    circuits
      .filter(({ failures, blockedUntil }) => failures >= FAILURES_TO_OPEN || blockedUntil > now)
      .map(({ vendor }) => vendor),
  )
  const sources = sourcesFor(context, dataset)
  return (dt) => {
    const able = sources.map(({ connection, terms }) => ({
      isOut: out.has(connection.name),
      can: availabilityOf(terms, spec, dt, now).can,
    }))
    if (able.some(({ can, isOut }) => can === 'now' && !isOut)) return null
    if (able.some(({ can }) => can === 'now')) return 'VENDOR_OUTAGE'
    return able.some(({ can }) => can === 'later') ? 'TOO_RECENT' : null
  }
}
