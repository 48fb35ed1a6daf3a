/** What cells would cost if one vendor were asked for all of them: calls and time at its budget. */

import { limitsOf } from '../_catalog/account-limits.ts'
import { type Availability, availabilityOf } from '../_catalog/availability.ts'
import { type DatasetSource, namesOf } from '../_catalog/catalog.ts'
import { mostOffered, planTerms } from '../_dispatch/plan-call.ts'
import { expectedRows } from '../_expected/expected.ts'
import { accountRates } from '../_forecast/account-rates.ts'
import { simulateDrain } from '../_forecast/drain-simulation.ts'
import type { Node } from '../_http/node.ts'
import type { Dt } from '../_market/dt.ts'
import type { Cell } from './cells.ts'
import type { EnqueueRequest } from './request.ts'

export interface Estimate {
  vendor: string
  /** Cells that it can be asked for now. */
  cells: number
  calls: number
  /** Epoch ms; null where its budget never gets there. */
  doneAt: number | null
}

export interface WantedCells {
  /** How many there are of each day. */
  byDay: ReadonlyMap<Dt, number>
  /** By day, then symbol; the first of them, where there are more than a plan is made of. */
  first: readonly Cell[]
}

/** One line a vendor, as if it alone were asked and nothing else came first: the dispatcher shares the work out, and other work may come before. */
export async function estimatesOf(node: Node, request: EnqueueRequest, wanted: WantedCells): Promise<Estimate[]> {
  const accounts = await accountRates(node)
  const now = node.now()
  return request.sources.map((source): Estimate => {
    const { connection } = source
    const servedOn = servedOnOf(source, request, now)
    let cells = 0
    for (const [dt, count] of wanted.byDay) if (servedOn(dt).can === 'now') cells += count
    if (cells === 0) return { vendor: connection.name, cells, calls: 0, doneAt: now }
    const cellsPerCall = yieldOf(
      node,
      source,
      request,
      wanted.first.filter(({ dt }) => servedOn(dt).can === 'now'),
    )
    const account = limitsOf(connection, 'backfill').vendor
    const pool = { cells, sources: [{ vendor: connection.name, account, cellsPerCall, from: now }] }
    const { emptyAt } = simulateDrain([pool], accounts, now)
    return { vendor: connection.name, cells, calls: Math.ceil(cells / cellsPerCall), doneAt: emptyAt[0] ?? null }
  })
}

function servedOnOf({ terms }: DatasetSource, { spec }: EnqueueRequest, now: number): (dt: Dt) => Availability {
  const known = new Map<Dt, Availability>()
  return (dt) => {
    const served = known.get(dt) ?? availabilityOf(terms, spec, dt, now)
    known.set(dt, served)
    return served
  }
}

/** Cells a call of the plan that the connector makes of these; one where it can make none. */
function yieldOf(node: Node, source: DatasetSource, { dataset, spec }: EnqueueRequest, cells: readonly Cell[]): number {
  const wants = cells
    .slice(0, mostOffered(source, spec))
    .map(({ symbol, dt }) => ({ symbol, dt, expectedRows: expectedRows(spec, symbol, dt) }))
  const [head, ...others] = wants
  if (head === undefined) return 1
  try {
    const plan = source.connection.connector.plan(
      head,
      others,
      planTerms(source, dataset, spec, namesOf(node.config), node.now()),
    )
    return Math.max(1, plan.wants.length / Math.max(1, plan.expectedCalls))
  } catch {
    return 1
  }
}
