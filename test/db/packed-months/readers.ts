/** What every reader of the evidence tells of some cells, in an order of its own: the same for both forms. */
import { sql } from 'drizzle-orm'
import { acceptedVersions } from '../../../db/attempts/accepted-versions.ts'
import { anyAttempt } from '../../../db/attempts/any-attempt.ts'
import { dueRereads } from '../../../db/attempts/due-rereads.ts'
import { lastAnswers } from '../../../db/attempts/last-answers.ts'
import { listAccepted } from '../../../db/attempts/list-accepted.ts'
import { listAttempts } from '../../../db/attempts/list-attempts.ts'
import { listMarked } from '../../../db/attempts/list-marked.ts'
import { listRefused } from '../../../db/attempts/list-refused.ts'
import { recentRowCounts } from '../../../db/attempts/recent-row-counts.ts'
import { unwantedOfDay } from '../../../db/attempts/unwanted-of-day.ts'
import { vendorVersions } from '../../../db/attempts/vendor-versions.ts'
import { versionsOfDay } from '../../../db/attempts/versions-of-day.ts'
import { winnersOf } from '../../../db/attempts/winners-of.ts'
import type { Db } from '../../../db/client.ts'
import { probesOf } from '../../../db/incidents/probes.ts'
import { daysOfAttempts, storedVersionsOfDay } from '../../../db/manifests/stored-versions.ts'

const VENDORS = ['alpaca', 'massive']
const inOrder = <T>(rows: readonly T[]): T[] =>
  [...rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

export async function readersTell(
  db: Db,
  dataset: string,
  cells: readonly { symbol: string; dt: string }[],
  now: number,
): Promise<unknown> {
  const dts = [...new Set(cells.map(({ dt }) => dt))].sort()
  const symbols = [...new Set(cells.map(({ symbol }) => symbol))]
  const [from, to] = [dts[0]!, dts.at(-1)!]
  const accepted: unknown[] = []
  for await (const days of acceptedVersions(db, dataset, dts)) {
    for (const { symbols: own, ...day } of days) accepted.push({ ...day, symbols: inOrder(own) })
  }
  const rereads = await dueRereads(db, {
    dataset,
    windows: dts.map((dt) => ({ dt, dueAt: now - 2 })),
    ranges: symbols.map((symbol) => ({ symbol, fromDt: from, toDt: to })),
    preferred: VENDORS,
    askable: VENDORS,
    now,
    limit: 1_000,
  })
  const incident = {
    id: 1,
    kind: 'vendor_outage' as const,
    dataset,
    dt: from,
    cells: 1,
    clearedAt: null,
    lastSeenAt: now,
  }
  const looked = { ...incident, looks: 1, openedAt: now - 3, nextLookAt: now - 2, probes: symbols }
  return {
    accepted,
    any: await anyAttempt(db),
    rereads: inOrder(rereads),
    last: inOrder(await lastAnswers(db, dataset, cells)),
    listed: inOrder(await listAccepted(db, dataset, from, to)),
    attempts: inOrder(await listAttempts(db, dataset, cells)),
    marked: inOrder(await listMarked(db, dataset, from, to, 'DAMAGED')),
    refused: inOrder(await listRefused(db, dataset, from, to)),
    counts: [...(await recentRowCounts(db, dataset, 'alpaca', symbols))],
    unwanted: await Promise.all(
      dts.map(async (dt) => inOrder(await unwantedOfDay(db, { dataset, dt, symbol: null }, JSON.stringify(['A'])))),
    ),
    ofVendor: await Promise.all(dts.map(async (dt) => inOrder(await vendorVersions(db, dataset, 'alpaca', dt)))),
    ofDay: await Promise.all(dts.map(async (dt) => inOrder(await versionsOfDay(db, dataset, dt)))),
    stored: await Promise.all(dts.map(async (dt) => inOrder(await storedVersionsOfDay(db, dataset, dt)))),
    winners: await winnersOf(db, dataset, cells, VENDORS),
    days: await daysOfAttempts(db, dataset),
    probes: [await probesOf(db, { ...looked, vendor: '*' }), await probesOf(db, { ...looked, vendor: 'massive' })],
  }
}

/** Cells of which a vendor's evidence is a row and packed as well. */
export const packedTwice = (db: Db): Promise<unknown[]> =>
  db.all(sql`SELECT a.dataset, a.symbol, a.dt, a.vendor FROM attempts a JOIN packed_months p ON p.dataset = a.dataset AND p.symbol = a.symbol
    AND p.vendor = a.vendor AND p.month = substr(a.dt, 1, 7) AND p.days >> (CAST(substr(a.dt, 9, 2) AS INTEGER) - 1) & 1`)
