/** The merged table of corporate actions: out of all statements of all vendors one row an action, with its sources. */
import type { ColumnConfig } from '../../config/schema.ts'
import { actionColumns } from './action-columns.ts'
import { CASH, isSameSize, ONCE, sizedSql } from './same-action.ts'
import { standingSql } from './standing-statements.ts'

/** What the merged table has behind the dataset's own columns. */
export const MERGED_COLUMNS = ['sources', 'contradicts'] as const

/**
 * `statements` are the rows of all accepted versions, with `rank` (of the vendor; the smaller is preferred), `vendor`, `fetched_at` and
 * `file_row_number`. Rows: symbol, dt, the columns of the preferred vendor's statement, and
 *
 * - `first_seen`: of the first statement that is known.
 * - `sources`: `vendor:id` of each statement, sorted, comma-separated.
 * - `contradicts`: another action of the day says something else where only one can be.
 *
 * Statements are sorted by what they say, and one that is within the slack of the one before is of the same action: so the result depends on no order.
 */
export function mergedSql(statements: string, columns: readonly ColumnConfig[]): string {
  const column = actionColumns(columns)
  return `
    WITH sized AS MATERIALIZED (${sizedSql(`(${standingSql(statements, columns)})`, column)}),
    beside AS (
      SELECT *, lag(size) OVER w AS size_before, lag(slack) OVER w AS slack_before, row_number() OVER w AS place FROM sized
      WINDOW w AS (PARTITION BY symbol, dt, kind, scope ORDER BY size NULLS LAST, vendor, id)
    ), numbered AS (
      SELECT *, sum(IF(place > 1 AND ${isSameSize(['size_before', 'slack_before'], ['size', 'slack'])}, 0, 1))
        OVER (PARTITION BY symbol, dt, kind, scope ORDER BY place ROWS UNBOUNDED PRECEDING) AS action
      FROM beside
    ), merged AS (
      SELECT * EXCLUDE (sort), array_to_string(list_sort(list_distinct(list(vendor || ':' || id) OVER g)), ',') AS sources,
        min(${column('first_seen')}) OVER g AS seen, coalesce(min(sort) FILTER (sort <> 'ordinary') OVER g, min(sort) OVER g) AS sort,
        row_number() OVER (PARTITION BY symbol, dt, kind, scope, action ORDER BY rank NULLS LAST, vendor, id) AS preferred
      FROM numbered WINDOW g AS (PARTITION BY symbol, dt, kind, scope, action)
    )
    SELECT *, ${ONCE} AND count(*) OVER (PARTITION BY symbol, dt, kind, sort, IF(kind IN ${CASH}, scope, '')) > 1 AS contradicts
    FROM merged WHERE preferred = 1`
}
