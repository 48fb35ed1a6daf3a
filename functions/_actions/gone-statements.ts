/** Statements of vendors that do not stand any more: withdrawn, or moved to another day. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { Lake } from '../_lake/lake.ts'
import type { Dt } from '../_market/dt.ts'
import { actionColumns } from './action-columns.ts'
import { isSameSize, sizedSql } from './same-action.ts'
import { newestSql, standingSql } from './standing-statements.ts'
import { type AcceptedVersion, withStatementRows } from './statement-rows.ts'

/** An ex-date that is corrected under a new id moves by days; an equal dividend of the next week is another one. */
const MOST_DAYS_APART = 6

export interface GoneStatement {
  vendor: string
  symbol: string
  dt: Dt
  kind: string
  id: string
  cash: number | null
  old_shares: number | null
  new_shares: number | null
  first_seen: Dt | null
  /** As-of day of the answer that no longer had it; null of one that its vendor states for another day now. */
  withdrawn: Dt | null
  /** Where its vendor states the same action now; null: nowhere. */
  moved_to: Dt | null
}

/**
 * Those of accepted versions in these raw files, sorted. One that the vendor states anew under another id of the same day, with the same terms or with
 * others in the answer that no longer had it, is none. Throws UnreadableFiles for damaged files.
 */
export async function goneStatements(
  lake: Lake,
  spec: DatasetConfig,
  files: readonly string[],
  accepted: readonly AcceptedVersion[],
): Promise<GoneStatement[]> {
  if (files.length === 0 || accepted.length === 0) return []
  return withStatementRows(lake, spec, files, accepted, (statements) =>
    lake.duck.all<GoneStatement & Record<string, unknown>>(goneSql(statements, spec)),
  )
}

export function goneSql(statements: string, { columns }: DatasetConfig): string {
  const column = actionColumns(columns)
  return `
    WITH statements AS MATERIALIZED (FROM ${statements}),
    standing AS MATERIALIZED (${sizedSql(`(${standingSql('statements', columns)})`, column)}),
    gone AS (${sizedSql(`(SELECT *, ${column('withdrawn')} AS withdrawn_ FROM (${newestSql('statements')}) ANTI JOIN standing USING (vendor, symbol, dt, kind, id))`, column)}),
    stated AS (
      SELECT g.vendor, g.symbol, g.dt, g.kind, g.id, bool_or(s.dt = g.dt) AS is_here, arg_min(s.dt, (s.id <> g.id, abs(s.dt - g.dt), s.dt)) AS moved_to
      FROM gone g JOIN standing s ON s.vendor = g.vendor AND s.symbol = g.symbol AND s.kind = g.kind AND (s.id = g.id OR (s.scope = g.scope AND s.dt = g.dt AND s.seen_ = g.withdrawn_) OR (s.scope = g.scope
        AND ${isSameSize(['s.size', 's.slack'], ['g.size', 'g.slack'])}
        AND (s.dt = g.dt OR (abs(s.dt - g.dt) <= ${MOST_DAYS_APART} AND s.seen_ > g.seen_))))
      GROUP BY ALL
    )
    SELECT g.vendor, g.symbol, g.dt, g.kind, g.id, cash_ AS cash, ${column('old_shares')} AS old_shares, ${column('new_shares')} AS new_shares,
      seen_ AS first_seen, withdrawn_ AS withdrawn, t.moved_to
    FROM gone g LEFT JOIN stated t USING (vendor, symbol, dt, kind, id) WHERE NOT coalesce(t.is_here, false)
    ORDER BY symbol, dt, kind, vendor, id`
}
