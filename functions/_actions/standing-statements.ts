/** Which statements of vendors stand: the newest of each id that its vendor still makes. */
import type { ColumnConfig } from '../../config/schema.ts'
import { actionColumns } from './action-columns.ts'

/** An ex-date that a vendor corrects moves by days; what lies further apart under one id is two actions. */
export const MOST_DAYS_MOVED = 45

/** Of the rows of one vendor, cell, kind and id the newest fetch counts, of equal ones the later row in the file. */
export const newestSql = (statements: string): string => `
  SELECT * FROM ${statements}
  QUALIFY row_number() OVER (PARTITION BY vendor, symbol, dt, kind, id ORDER BY fetched_at DESC, file_row_number DESC, filename) = 1`

/** The newest stands unless its vendor withdrew it, or has since stated the same id for another day nearby: then the action has moved there. */
export const standingSql = (statements: string, columns: readonly ColumnConfig[]): string => `
  WITH stated AS (SELECT * FROM (${newestSql(statements)}) WHERE ${actionColumns(columns)('withdrawn')} IS NULL)
  SELECT * FROM stated s WHERE NOT EXISTS (
    SELECT 1 FROM stated n WHERE n.vendor = s.vendor AND n.symbol = s.symbol AND n.kind = s.kind AND n.id = s.id AND n.dt <> s.dt
      AND abs(n.dt - s.dt) <= ${MOST_DAYS_MOVED} AND n.fetched_at > s.fetched_at)`
