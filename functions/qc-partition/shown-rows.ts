/** What a curated file shows of a cell's raw rows. Pure; curation says the same in SQL (curate-partition/shapes.ts). */
import type { DatasetConfig } from '../../config/schema.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { digestRows, isDigestOfCell } from '../_lake/digest.ts'
import type { RawPart } from '../_lake/raw-part.ts'
import { newestVintages } from '../_lake/vintages.ts'
import type { Dt } from '../_market/dt.ts'
import { type Row, rowKey, type Yield } from '../_market/row.ts'
import type { CuratedCell } from './curated-cells.ts'
import { seriesOf } from './curated-columns.ts'

/**
 * Are the curated rows what curation makes of these parts of the cell? They may rightly have another digest than the parts: of rows with one key only
 * the newest is shown, of feeds only one, of actions those that stand and that no other vendor's statement is shown for, of minutes perhaps only those of the regular session, and of yields neither a series without a value nor one
 * that nobody collects.
 */
export function showsTheRowsOf(spec: DatasetConfig, cell: CuratedCell, parts: readonly RawPart[]): boolean {
  if (spec.expected_rows === 'events') return areStated(cell.rows, parts)
  const own = parts.filter(({ provenance }) => provenance.feed === cell.feed)
  const shown = spec.expected_rows === 'series' ? shownYields(spec, own) : shownBars(spec, cell.dt, own)
  return isDigestOfCell(cell.rows, digestRows(shown))
}

function areStated(actions: readonly Row[], parts: readonly RawPart[]): boolean {
  const stated = new Set(parts.flatMap(({ rows }) => rows.map((row) => digestRows([row]))))
  return actions.every((row) => stated.has(digestRows([row])))
}

function shownYields(spec: DatasetConfig, parts: readonly RawPart[]): readonly Row[] {
  const known = new Set(seriesOf(spec))
  return (newestVintages(parts.flatMap(({ rows }) => rows)) as Yield[]).filter(
    ({ series, value }) => value !== null && known.has(series),
  )
}

function shownBars(spec: DatasetConfig, dt: Dt, parts: readonly RawPart[]): Row[] {
  const rows = newestOfKeys(spec, parts)
  if (spec.sessions !== 'regular') return rows
  const session = calendarOf(spec.calendar).session(dt)
  return rows.filter((row) => session && 'ts' in row && row.ts >= session.open && row.ts < session.close)
}

/** The newest fetch counts, of equal ones the later row in the file. */
function newestOfKeys({ key }: DatasetConfig, parts: readonly RawPart[]): Row[] {
  const newest = new Map<string, { row: Row; fetchedAt: number }>()
  for (const { rows, provenance } of parts) {
    for (const row of rows) {
      const before = newest.get(rowKey(row, key))
      if (before === undefined || provenance.fetchedAt >= before.fetchedAt)
        newest.set(rowKey(row, key), { row, fetchedAt: provenance.fetchedAt })
    }
  }
  return [...newest.values()].map(({ row }) => row)
}
