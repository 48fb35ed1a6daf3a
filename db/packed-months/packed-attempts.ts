/**
 * What a day of packed_months says, in the words of attempts. The digest is the first 16 bytes; then 6 bytes of the instant, 3 of the rows, and one
 * byte: from its lowest bit whether the digest is known, whether the vendor is never asked again, whether the answer was a re-reading, then how
 * often the vendor was asked. All else is the same for every settled cell.
 */
import { type SQL, sql } from 'drizzle-orm'
import { KEPT_DIGITS } from '../attempts/kept-digest.ts'
import { NEVER } from '../clock-moments.ts'
import { bitCount } from '../coverage/bit-count.ts'
import { dayOf } from '../day-of.ts'
import type { Param } from '../prepared.ts'
import { DAY_BYTES, LAYOUT } from './table.ts'

const DIGEST_BYTES = KEPT_DIGITS / 2
const MOST_ASKED = 31

/** Big-endian bytes of `answer`, of which the first is the byte number 1. */
const numberAt = (first: number, bytes: number): string => `(('0x' || hex(substr(answer, ${first}, ${bytes}))) ->> '$')`
const flags = numberAt(26, 1)

/** Each column of attempts behind its key, out of `answer`. */
const UNPACKED = {
  count: `${flags} >> 3`,
  outcome: `'filled'`,
  status: 'NULL',
  rows: numberAt(23, 3),
  digest: `CASE WHEN ${flags} & 1 THEN lower(hex(substr(answer, 1, ${DIGEST_BYTES}))) END`,
  note: 'NULL',
  at: numberAt(17, 6),
  ask_again_at: `CASE WHEN ${flags} & 2 THEN ${NEVER} ELSE 0 END`,
  refused_for: 'NULL',
  reread_at: `CASE WHEN ${flags} & 4 THEN ${numberAt(17, 6)} END`,
} as const

export type EvidenceColumn = keyof typeof UNPACKED
export const EVERY_COLUMN = Object.keys(UNPACKED) as EvidenceColumn[]

/** Where the day d begins in `answers` of p: behind the layout and the days before it. */
const place = `(2 + ${DAY_BYTES} * ${bitCount('(p.days & ((1 << (d.day - 1)) - 1))')})`

/** That p holds the day d. */
export const holdsDay = sql.raw('(p.days >> (d.day - 1) & 1)')

/**
 * `(SELECT symbol, dt, vendor, …)`: days of packed_months as attempts says them. `from` is `FROM … WHERE …` and gives rows p of packed_months and the
 * days d of month_days that are wanted. `more` are further columns, as they are called there.
 */
export function packedAttempts(from: SQL, columns: readonly EvidenceColumn[], more: readonly string[] = []): SQL {
  const unpacked = columns.map((column) => `${UNPACKED[column]} AS ${column}`)
  const names = more.map((column) => column.slice(column.indexOf('.') + 1))
  // The limit has the place looked for once a day, not once a column.
  return sql`(SELECT ${sql.raw([...names, 'symbol', 'dt', 'vendor', ...unpacked].join(', '))} FROM (
    SELECT ${sql.raw([...more, 'p.symbol', `p.month || '-' || d.text AS dt`, 'p.vendor', `substr(p.answers, ${place}, ${DAY_BYTES}) AS answer`].join(', '))}
    ${from} AND ${holdsDay} LIMIT -1))`
}

/** A row p of packed_months and the day d of month_days for one cell, as a join condition. */
export const isOfCell = (dataset: Param<string> | SQL, symbol: SQL, dt: SQL): SQL =>
  sql`p.dataset = ${dataset} AND p.month = substr(${dt}, 1, 7) AND p.symbol = ${symbol} AND d.day = ${dayOf(dt)}`

/** Of a row of attempts, by its name in the query: whether a day of packed_months can say all of it. */
export const isPackable = (row: string): SQL =>
  sql.raw(`(${row}.outcome = 'filled' AND ${row}.refused_for IS NULL AND ${row}.status IS NULL AND ${row}.note IS NULL
    AND ${row}.ask_again_at IN (0, ${NEVER}) AND (${row}.reread_at IS NULL OR ${row}.reread_at = ${row}.at)
    AND ${row}.count BETWEEN 0 AND ${MOST_ASKED} AND ${row}.rows BETWEEN 0 AND 0xffffff AND ${row}.at BETWEEN 0 AND 0xffffffffffff
    AND (${row}.digest IS NULL
      OR length(${row}.digest) >= ${KEPT_DIGITS} AND substr(${row}.digest, 1, ${KEPT_DIGITS}) NOT GLOB '*[^0-9a-f]*'))`)

/** The answers of rows a, in the order of their days, as `answers` holds them. */
export const packedAnswers = sql.raw(`unhex('${LAYOUT.toString(16).padStart(2, '0')}' || group_concat(
  coalesce(substr(a.digest, 1, ${KEPT_DIGITS}), '${'0'.repeat(KEPT_DIGITS)}') || printf('%012x%06x%02x', a.at, a.rows,
    (a.count << 3) | ((a.reread_at IS NOT NULL) << 2) | ((a.ask_again_at <> 0) << 1) | (a.digest IS NOT NULL)), '' ORDER BY a.dt))`)
