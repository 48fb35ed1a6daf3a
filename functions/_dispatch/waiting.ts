/** Why a cell that nobody has been asked for yet is still missing: its vendors are out, or do not have the day yet. */
import type { DatasetConfig } from '../../config/schema.ts'
import { listCircuits } from '../../db/circuits/circuits.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import type { AbsenceReason } from '../_market/outcome.ts'
import { type Desk, serversOf } from './desk.ts'
import { FAILURES_TO_OPEN } from './heed.ts'
import { serves } from './reach.ts'

/**
 * The reason for a day of a dataset as things stand now. Null where a vendor that is well could have been asked: then the cell is missing
 * and no outage explains it. A vendor is out from the failure that opened its circuit until it answers again.
 */
export async function waitingFor(
  desk: Pick<Desk, 'db' | 'seats' | 'now'>,
  dataset: DatasetName,
  spec: DatasetConfig,
): Promise<(dt: Dt) => AbsenceReason | null> {
  const now = desk.now()
  const circuits = await listCircuits(desk.db)
  const out = new Set(
    circuits
      .filter(({ failures, blockedUntil }) => failures >= FAILURES_TO_OPEN || blockedUntil > now)
      .map(({ vendor }) => vendor),
  )
  const servers = serversOf(desk, dataset)
  return (dt) => {
    const able = servers.map(({ seat, terms }) => ({
      isOut: out.has(seat.name),
      can: serves(terms, spec, dt, now).can,
    }))
    if (able.some(({ can, isOut }) => can === 'now' && !isOut)) return null
    if (able.some(({ can }) => can === 'now')) return 'VENDOR_OUTAGE'
    return able.some(({ can }) => can === 'later') ? 'TOO_RECENT' : null
  }
}
