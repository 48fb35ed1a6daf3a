/** Packs the evidence of settled cells: rows of attempts that nobody will write again become a few bytes each in packed_months. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { dayOf } from '../day-of.ts'
import { taskAround } from '../gap-tasks/split-tasks.ts'
import { daysOfRows, isStoredVersion } from '../manifests/stored-versions.ts'
import { holdsDay, isPackable, packedAnswers } from './packed-attempts.ts'
import { unpackMonths } from './unpack-months.ts'

/** Symbols of one write: a month of one vendor is some 2,000 cells. */
const AT_ONCE = 100

/**
 * Packs at least `most` cells where there are so many, of months before `openMonth` (YYYY-MM). Each batch packs the month of some symbols, so a run that is
 * killed has lost nothing and is begun anew. Returns how many there were, and whether there may be more. Both forms are read meanwhile.
 */
export async function packMonths(
  db: Db,
  dataset: string,
  openMonth: string,
  most: number,
): Promise<{ packed: number; more: boolean }> {
  let packed = 0
  let written = 0
  for (const dt of await daysOfRows(db, dataset)) {
    if (dt >= openMonth) break
    let after = ''
    for (;;) {
      const symbols = await settledSymbols(db, dataset, dt, after)
      const last = symbols.at(-1)
      if (last === undefined) break
      if (written >= most) return { packed, more: true }
      const { rows, unpacked } = await packSymbols(db, dataset, dt.slice(0, 7), symbols)
      packed += rows - unpacked
      written += rows
      after = last
    }
  }
  return { packed, more: false }
}

/** The next symbols with a row of that day that can be packed. */
async function settledSymbols(db: Db, dataset: string, dt: string, after: string): Promise<string[]> {
  const rows = await db.all<{ symbol: string }>(sql`
    SELECT DISTINCT a.symbol FROM attempts a
    WHERE a.dataset = ${dataset} AND a.dt = ${dt} AND a.symbol > ${after} AND ${isSettled} ORDER BY a.symbol LIMIT ${AT_ONCE}`)
  return rows.map(({ symbol }) => symbol)
}

/** What is packed already of these symbols becomes rows first: a packed month is always made as a whole. */
async function packSymbols(
  db: Db,
  dataset: string,
  month: string,
  symbols: readonly string[],
): Promise<{ rows: number; unpacked: number }> {
  const these = sql`json_each(${JSON.stringify(symbols)})`
  const [unpacked = 0, , , rows = 0] = await db.change([
    ...unpackMonths(sql`SELECT ${dataset} AS dataset, ${month} AS month, value AS symbol FROM ${these}`),
    sql`INSERT INTO packed_months (dataset, month, symbol, vendor, days, newest_at, answers)
        SELECT a.dataset, ${month}, a.symbol, a.vendor, sum(1 << (d.day - 1)), max(a.at), ${packedAnswers}
        FROM ${these} s CROSS JOIN month_days d CROSS JOIN attempts a ON a.dataset = ${dataset} AND a.dt = ${month} || '-' || d.text AND a.symbol = s.value
        WHERE ${isSettled} GROUP BY a.symbol, a.vendor`,
    sql`DELETE FROM attempts WHERE dataset = ${dataset} AND (dt, symbol, vendor) IN (
          SELECT p.month || '-' || d.text, p.symbol, p.vendor FROM ${these} s
            CROSS JOIN packed_months p ON p.dataset = ${dataset} AND p.month = ${month} AND p.symbol = s.value
            CROSS JOIN month_days d ON ${holdsDay})`,
  ])
  return { rows, unpacked }
}

const ofCell = (other: string): SQL =>
  sql.raw(`${other}.dataset = a.dataset AND ${other}.symbol = a.symbol AND ${other}.dt = a.dt`)

/** Is there a version of the cell of a that cannot be packed, or one that was lost or forgotten? Then none of them is. */
const isDisputed = sql`EXISTS (SELECT 1 FROM attempts o WHERE ${ofCell('o')}
  AND (${isStoredVersion('o')} OR o.outcome IN ('lost', 'forgotten')) AND NOT ${isPackable('o')})`
const isAskedFor = sql`(EXISTS (SELECT 1 FROM gap_tasks t WHERE ${ofCell('t')} AND t.done_at IS NULL)
  OR EXISTS (${taskAround(sql`a.dataset`, sql`a.symbol`, sql`a.dt`)}))`
const isPresent = sql`EXISTS (SELECT 1 FROM coverage c WHERE c.dataset = a.dataset AND c.symbol = a.symbol AND c.month = substr(a.dt, 1, 7)
  AND (c.present & ~c.short & ~c.held) >> (${dayOf(sql`a.dt`)} - 1) & 1)`
/** A smaller answer that was not taken is one the vendor may repeat. */
const isContradicted = sql`EXISTS (SELECT 1 FROM corrections k WHERE ${ofCell('k')} AND k.verdict = 'kept_more_rows')`

/** Of a row a of attempts: it is delivered, whole, held by nobody, and nobody is to ask for it. */
const isSettled = sql`${isPackable('a')} AND ${isPresent} AND NOT ${isAskedFor} AND NOT ${isDisputed} AND NOT ${isContradicted}`
