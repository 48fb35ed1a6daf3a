/** Whether the nights do what they are for: a new bundle after each session, and a queue that shrinks. Goes by the schedule of cron.json. */

import { nextCallAt } from '../../db/budgets/take-calls.ts'
import { listCircuits } from '../../db/circuits/circuits.ts'
import { newestExport } from '../../db/exports/exports.ts'
import { hasFreeTask } from '../../db/gap-tasks/has-free-task.ts'
import { lastSettledAt } from '../../db/vendor-call-stats/last-settled.ts'
import { calendarOf, instantWithinCalendars } from '../_calendar/calendar.ts'
import { limitsOf } from '../_catalog/account-limits.ts'
import { availableRange } from '../_catalog/availability.ts'
import { datasetsOf, sourcesFor } from '../_catalog/catalog.ts'
import type { Reason } from '../_http/health.ts'
import type { Node } from '../_http/node.ts'
import type { Dt } from '../_market/dt.ts'
import { type Chain, nextAfter } from './cron.ts'

const HOUR_MS = 3_600_000
/** A night has so long from its firing to its bundle. */
const BUNDLE_MS = 12 * HOUR_MS
/** A queue is stuck when nothing was settled for so long after the schedule first sent for work. Nights and weekends without a firing do not count. */
const STUCK_MS = 6 * HOUR_MS
/** The newest session whose bundle is due is one of the last few. */
const SESSIONS_BACK = 5

export interface NightTerms {
  node: Pick<Node, 'config' | 'vendors' | 'db' | 'now' | 'disk'>
  chains: readonly Chain[]
  /** Epoch ms by the present clock at which this process began. */
  startedAt(): number
}

export const nightReasons = async (terms: NightTerms): Promise<Reason[]> => [
  ...(await bundleReasons(terms)),
  ...(await queueReasons(terms)),
]

/** The first instant after another at which the schedule fires a chain that calls a function; null for never. */
function firstFiring(chains: readonly Chain[], call: Chain['steps'][number]['call'], after: number): number | null {
  const calling = chains.filter(({ steps }) => steps.some((step) => step.call === call))
  const instants = calling.map((chain) => nextAfter(chain, after)).filter((at) => at !== null)
  return instants.length === 0 ? null : Math.min(...instants)
}

async function bundleReasons({ node, chains, startedAt }: NightTerms): Promise<Reason[]> {
  const newest = await newestExport(node.db)
  const now = node.now()
  // A node that never made a bundle has just begun.
  const notBefore = newest === null ? startedAt() : 0
  const due = newestDue(chains, notBefore, now)
  if (due === null || (newest !== null && newest.asof >= due.session)) return []
  const has = newest === null ? 'there is none yet' : `the newest is of ${newest.asof}`
  return [
    {
      code: 'no_new_bundle',
      what: `no bundle of ${due.session} was made within ${BUNDLE_MS / HOUR_MS} hours of its night (${has})`,
      todo: 'look at the failed steps under chains in GET /status, then call POST /run with the chain that exports',
      since: due.at,
    },
  ]
}

/** The newest session whose bundle should be there by now, and since when. */
function newestDue(chains: readonly Chain[], notBefore: number, now: number): { session: Dt; at: number } | null {
  const calendar = calendarOf('xnys')
  let session: Dt | null = calendar.lastClosed(instantWithinCalendars(now))
  for (let back = 0; back < SESSIONS_BACK && session !== null && session > calendar.first; back++) {
    const close = calendar.session(session)?.close
    const fires = close === undefined ? null : firstFiring(chains, 'export', close)
    if (fires === null) return null
    const at = Math.max(fires, notBefore) + BUNDLE_MS
    if (at <= now) return { session, at }
    session = calendar.away(session, -1)
  }
  return null
}

async function queueReasons({ node, chains, startedAt }: NightTerms): Promise<Reason[]> {
  const settledAt = await lastSettledAt(node.db)
  const fires = firstFiring(chains, 'dispatch-one-task', settledAt ?? startedAt())
  if (fires === null) return []
  const begun = Math.max(fires, startedAt())
  if (node.now() - begun < STUCK_MS) return []
  const idle = await idleVendor(node)
  if (idle === null) return []
  const since = settledAt === null ? 'since the start' : `since ${new Date(settledAt).toISOString()}`
  return [
    {
      code: 'queue_stuck',
      what: `no cell was settled ${since}, although ${idle.vendor} may take tasks of ${idle.dataset}`,
      todo: 'look for what failed in the log and under chains in GET /status, then restart the node',
      since: begun,
    },
  ]
}

/** A vendor with budget, and a dataset of which it may take a task now. Null where there is none: then nothing is stuck. */
async function idleVendor({
  config,
  vendors,
  db,
  now,
  disk,
}: NightTerms['node']): Promise<{ vendor: string; dataset: string } | null> {
  if (!disk.allowsCalls()) return null
  const blocked = new Set(
    (await listCircuits(db)).filter((one) => one.blockedUntil > now()).map(({ vendor }) => vendor),
  )
  const lane = disk.allowsBackfill() ? null : 'today'
  for (const { dataset, spec } of datasetsOf(config)) {
    if (!disk.allows(dataset)) continue
    for (const { connection, terms } of sourcesFor({ vendors }, dataset)) {
      const vendor = connection.name
      if (blocked.has(vendor)) continue
      const budgetAt = await nextCallAt(db, limitsOf(connection, 'backfill'), now())
      if (budgetAt === null || budgetAt > now()) continue
      const reach = { vendor, dataset, ...availableRange(terms, spec, now()), lane, now: now() } as const
      if (await hasFreeTask(db, reach)) return { vendor, dataset }
    }
  }
  return null
}
