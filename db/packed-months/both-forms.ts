/** The evidence in both its forms, rows of attempts and days of packed_months, as rows of one shape: what readers read. */
import { type SQL, sql } from 'drizzle-orm'
import { keptDigest } from '../attempts/kept-digest.ts'
import type { Param } from '../prepared.ts'
import { type EvidenceColumn, isOfCell, packedAttempts } from './packed-attempts.ts'

/**
 * `(SELECT symbol, dt, vendor, …)` of the days between two, both inclusive. Conditions on the columns of the result are not carried into it, the
 * dataset and the days are.
 */
export function evidenceOfDays(
  dataset: string,
  fromDt: string,
  toDt: string,
  columns: readonly EvidenceColumn[],
  vendor?: string,
): SQL {
  const [first, last] = [fromDt.slice(0, 7), toDt.slice(0, 7)]
  const [fromDay, toDay] = [Number(fromDt.slice(8)), Number(toDt.slice(8))]
  const ofVendor = vendor === undefined ? sql`` : sql`AND vendor = ${vendor}`
  const days =
    first === last
      ? sql`d.day ${among(fromDay, toDay)}`
      : sql`d.day BETWEEN CASE p.month WHEN ${first} THEN ${fromDay} ELSE 1 END AND CASE p.month WHEN ${last} THEN ${toDay} ELSE 31 END`
  return bothForms(
    sql`FROM attempts a WHERE a.dataset = ${dataset} AND a.dt ${among(fromDt, toDt)} ${ofVendor}`,
    sql`FROM packed_months p CROSS JOIN month_days d
        WHERE p.dataset = ${dataset} AND p.month ${among(first, last)} ${ofVendor} AND ${days}`,
    columns,
  )
}

/** One value is looked up in an index as it is, and what follows it in the key is in order. */
const among = <Value>(from: Value, to: Value): SQL => (from === to ? sql`= ${from}` : sql`BETWEEN ${from} AND ${to}`)

/** The same of cells. `wanted` is a table, or a query in brackets, of symbol and dt. */
export function evidenceOfCells(
  dataset: Param<string> | SQL,
  wanted: SQL,
  columns: readonly EvidenceColumn[],
  { vendor }: { vendor?: string } = {},
): SQL {
  const ofVendor = vendor === undefined ? sql`` : sql`AND vendor = ${vendor}`
  return bothForms(
    sql`FROM ${wanted} w CROSS JOIN attempts a WHERE a.dataset = ${dataset} AND a.dt = w.dt AND a.symbol = w.symbol ${ofVendor}`,
    sql`FROM ${wanted} w CROSS JOIN packed_months p CROSS JOIN month_days d
        WHERE ${isOfCell(dataset, sql`w.symbol`, sql`w.dt`)} ${ofVendor}`,
    columns,
  )
}

function bothForms(rows: SQL, packed: SQL, columns: readonly EvidenceColumn[]): SQL {
  const ofRows = columns.map((column) =>
    column === 'digest' ? sql`${keptDigest(sql`a.digest`)} AS digest` : sql.raw(`a.${column}`),
  )
  return sql`(SELECT ${sql.join([sql`a.symbol, a.dt, a.vendor`, ...ofRows], sql`, `)} ${rows}
    UNION ALL SELECT * FROM ${packedAttempts(packed, columns)})`
}
