/** Keeps by month what older versions of this program, or a doubt that is over, left as a row a day in attempts and in absences. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { NEVER } from '../clock-moments.ts'
import { dayOf } from '../day-of.ts'
import { holdsDay, SAYS_NONE } from './final-none.ts'

/** Absences looked at together; those that go are two rows each, with their indexes. */
const AT_ONCE = 1_000

/**
 * Compacts at least `most` cells where there are so many, page by page: each is one batch, so a run that is killed has lost nothing and is begun anew.
 * Returns how many there were, and whether there may be more. Both forms are read meanwhile. The rows left behind say that somebody will ask again.
 */
export async function compactRows(
  db: Db,
  datasets: readonly string[],
  most: number,
): Promise<{ compacted: number; more: boolean }> {
  let compacted = 0
  for (const dataset of datasets) {
    let after: Place | null = { symbol: '', dt: '' }
    while (after !== null) {
      const page = await pageOf(db, dataset, after)
      if (page.cells > 0) compacted += await compactPage(db, dataset, after)
      if (compacted >= most) return { compacted, more: true }
      after = page.last
    }
  }
  return { compacted, more: false }
}

interface Place {
  symbol: string
  dt: string
}

/** The absences x behind a place, in the order of their index. */
const inPage = (dataset: string, { symbol, dt }: Place): SQL => sql`(
  SELECT rowid AS id, symbol, dt, recheck_at FROM absences INDEXED BY absences_reason
  WHERE dataset = ${dataset} AND reason = ${SAYS_NONE} AND (symbol, dt) > (${symbol}, ${dt}) ORDER BY symbol, dt LIMIT ${AT_ONCE}) x`

/** Of them with the answers a that nobody will ask again: what attempts and absences say of them is what empty_months can say. */
const finalRows = (dataset: string, page: SQL): SQL => sql`
  ${page} CROSS JOIN attempts a ON a.dataset = ${dataset} AND a.dt = x.dt AND a.symbol = x.symbol
    CROSS JOIN coverage c ON c.dataset = ${dataset} AND c.symbol = x.symbol AND c.month = substr(x.dt, 1, 7)
  WHERE x.recheck_at IS NULL AND c.absent >> (${dayOf(sql`x.dt`)} - 1) & 1 AND a.outcome = 'empty' AND a.ask_again_at = ${NEVER}
    AND a.digest IS NULL AND a.status IS NULL AND a.note IS NULL AND a.refused_for IS NULL AND a.reread_at IS NULL`

/** How many of the page can be compacted, and where the next one begins; null when this is the last. */
async function pageOf(db: Db, dataset: string, after: Place): Promise<{ cells: number; last: Place | null }> {
  const page = inPage(dataset, after)
  const [found] = await db.all<{ cells: number; symbol: string | null; dt: string | null }>(sql`
    SELECT (SELECT count(*) FROM ${finalRows(dataset, page)}) AS cells, l.symbol, l.dt
    FROM (SELECT 1) LEFT JOIN (SELECT x.symbol, x.dt FROM ${page} LIMIT 1 OFFSET ${AT_ONCE - 1}) l`)
  const { cells = 0, symbol = null, dt = null } = found ?? {}
  return { cells, last: symbol === null || dt === null ? null : { symbol, dt } }
}

async function compactPage(db: Db, dataset: string, after: Place): Promise<number> {
  const page = inPage(dataset, after)
  const [, , absences] = await db.change([
    sql`INSERT INTO empty_months (dataset, symbol, month, vendor, days, first_at, last_at)
        SELECT ${dataset}, x.symbol, substr(x.dt, 1, 7), a.vendor, sum(1 << (${dayOf(sql`x.dt`)} - 1)), min(a.at), max(a.at)
        FROM ${finalRows(dataset, page)} GROUP BY x.symbol, substr(x.dt, 1, 7), a.vendor
        ON CONFLICT DO UPDATE SET days = days | excluded.days, first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)`,
    sql`DELETE FROM attempts WHERE dataset = ${dataset} AND (dt, symbol, vendor) IN (
          SELECT x.dt, x.symbol, a.vendor FROM ${finalRows(dataset, page)})`,
    // Last, because the page is read from them.
    sql`DELETE FROM absences WHERE rowid IN (
          SELECT x.id FROM ${page} CROSS JOIN coverage c ON c.dataset = ${dataset} AND c.symbol = x.symbol AND c.month = substr(x.dt, 1, 7)
          WHERE x.recheck_at IS NULL AND c.absent >> (${dayOf(sql`x.dt`)} - 1) & 1
            AND EXISTS (SELECT 1 FROM empty_months e WHERE ${holdsDay(dataset, sql`x.symbol`, sql`x.dt`)}))`,
  ])
  return absences ?? 0
}
