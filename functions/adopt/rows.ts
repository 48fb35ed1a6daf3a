/** Reads the rows of cells as ours and says what they are worth: how many, their digest, or why they cannot be taken over. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { DatasetConfig } from '../../config/schema.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { instantOf, newYorkDt } from '../_calendar/zone.ts'
import { perReadable } from '../_lake/bisect-unreadable.ts'
import { canonicalLine } from '../_lake/canonical-row.ts'
import type { ColumnMapping } from '../_lake/column-mapping.ts'
import { digestRows, sha256OfFile } from '../_lake/digest.ts'
import { eachBounded } from '../_lake/disk.ts'
import type { Duck } from '../_lake/duck.ts'
import { mappedRowsSql } from '../_lake/raw-rows-sql.ts'
import { sqlText } from '../_lake/sql-text.ts'
import { newestVintages } from '../_lake/vintages.ts'
import { distinctRows } from '../_lake/write-decision.ts'
import { addDays, type Dt } from '../_market/dt.ts'
import { adjustmentOf, type Provenance, type Row, rowKey } from '../_market/row.ts'
import { type CellInFile, picked, type ReadableFiles, refusing } from './cells.ts'
import type { Problem } from './problems.ts'
import type { Tree } from './trees.ts'

/** A cell whose rows were read. */
export interface ReadCell extends CellInFile {
  /** Distinct rows by the dataset's key. */
  rows: number
  digest: string
  /** Lower-case hex sha256 of the file. */
  sha256: string
  origin: Provenance
}

/** One row as `mappedRowsSql` gives it: the dataset's columns and what the row says of itself. */
type StoredRow = Record<string, unknown> & { filename: string; symbol: string }

/** About what a Pi converts in a second or two; one file of a whole market is read in parts. */
const ROWS_PER_QUERY = 50_000
/** No market of ours has been closed for longer since 1990. */
const LONGEST_CLOSURE_DAYS = 14

/** Reads cells of files of one spelling. Those that cannot be taken over are left with a reason; the others come back in no order. */
export async function readCells(
  duck: Duck,
  tree: Tree,
  { mapping, raws }: ReadableFiles,
  cells: readonly CellInFile[],
  leave: (problem: Problem) => void,
): Promise<ReadCell[]> {
  const mine = new Set(raws.map(({ file }) => file))
  const hashes = new Map<string, string>()
  const unreadable = new Set<string>()
  const byFile = new Map(raws.map((raw) => [raw.file, raw]))
  const tell = refusing(byFile, leave)
  const refuse = (file: string, reason: string): void => {
    if (!unreadable.has(file)) tell(file, reason)
    unreadable.add(file)
  }
  const read: ReadCell[] = []
  for (const part of partsOf(cells.filter(({ raw }) => mine.has(raw.file)))) {
    const stored = await rowsOf(duck, mapping, part, refuse)
    const files = [...new Set(part.map(({ raw }) => raw.file))].filter((file) => !unreadable.has(file))
    await eachBounded(files, 4, async (file) => {
      if (!hashes.has(file)) hashes.set(file, await sha256OfFile(file))
    })
    for (const [at, cell] of part.entries()) {
      if (at % 200 === 199) await yieldToEventLoop()
      if (unreadable.has(cell.raw.file)) continue
      const judged = judge(tree, mapping, cell, stored.get(keyOf(cell.raw.file, cell.symbol)) ?? [])
      if (typeof judged === 'string') {
        leave({ kind: 'values', path: cell.raw.path, what: `${cell.symbol}: ${judged}` })
      } else {
        read.push({ ...cell, ...judged, sha256: hashes.get(cell.raw.file) as string })
      }
    }
  }
  return read.filter(({ raw }) => !unreadable.has(raw.file))
}

/** Cells in the order of files and symbols, cut so that each part holds about as many rows as fit; a cell is never cut. */
function* partsOf(cells: readonly CellInFile[]): Generator<CellInFile[]> {
  const sorted = [...cells].sort((a, b) => compare(a.raw.file, b.raw.file) || compare(a.symbol, b.symbol))
  let part: CellInFile[] = []
  let rows = 0
  for (const cell of sorted) {
    if (part.length > 0 && rows + (cell.rows ?? 0) > ROWS_PER_QUERY) {
      yield part
      part = []
      rows = 0
    }
    part.push(cell)
    rows += cell.rows ?? 0
  }
  if (part.length > 0) yield part
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const keyOf = (file: string, symbol: string): string => `${symbol} ${file}`

async function rowsOf(
  duck: Duck,
  mapping: ColumnMapping,
  part: readonly CellInFile[],
  refuse: (file: string, reason: string) => void,
): Promise<Map<string, StoredRow[]>> {
  const raws = new Map(part.map(({ raw }) => [raw.file, raw]))
  const wanted = new Set(part.map(({ raw, symbol }) => keyOf(raw.file, symbol)))
  const symbols = [...new Set(part.map(({ symbol }) => symbol))].sort()
  const within = `symbol BETWEEN ${sqlText(symbols[0] ?? '')} AND ${sqlText(symbols.at(-1) ?? '')}`
  const stored = new Map<string, StoredRow[]>()
  await perReadable(
    [...raws.keys()],
    async (files) => {
      const rows = await duck.all<StoredRow>(
        `SELECT * FROM ${mappedRowsSql(mapping, picked(raws, files))} WHERE ${within} ORDER BY filename, file_row_number`,
      )
      for (const row of rows) {
        const key = keyOf(row.filename, row.symbol)
        if (!wanted.has(key)) continue
        const own = stored.get(key)
        if (own) own.push(row)
        else stored.set(key, [row])
      }
    },
    refuse,
  )
  return stored
}

/** What the rows of a cell are worth, or the first thing that is wrong with them. */
function judge(
  tree: Tree,
  mapping: ColumnMapping,
  { raw, symbol }: CellInFile,
  stored: readonly StoredRow[],
): { rows: number; digest: string; origin: Provenance } | string {
  if (stored.length === 0) return 'the file holds no row of this symbol'
  for (const [at, row] of stored.entries()) {
    const wrong =
      misplaced(row, symbol, tree.vendor) ?? mismatch(row, mapping, tree.spec) ?? misdated(row, raw.dt, tree.spec)
    if (wrong !== null) return `row ${at}: ${wrong}`
  }
  const feeds = new Set(stored.map(({ feed }) => feed))
  if (feeds.size > 1) return `rows of ${feeds.size} feeds: ${[...feeds].join(', ').slice(0, 80)}`
  if (tree.spec.expected_rows === 'series' && stored.every(({ value }) => value === null))
    return 'no series has a value'
  const rows = stored.map((row) => rowOf(tree.spec, row))
  const contradiction = tree.spec.timeframe === 'day' ? contradictionIn(rows, stored, tree.spec) : null
  if (contradiction !== null) return contradiction
  const [feed] = feeds
  return {
    rows: distinctRows(rows, tree.spec.key),
    digest: digestRows(newestVintages(rows)),
    origin: {
      vendor: tree.vendor,
      feed: typeof feed === 'string' && feed !== '' ? feed : 'unknown',
      adjustment: adjustmentOf(tree.spec.expected_rows),
      fetchedAt: stored.reduce(
        (newest, { fetched_at: at }) => Math.max(newest, typeof at === 'number' ? Math.floor(at) : 0),
        0,
      ),
    },
  }
}

/** Two rows of one fetch that are one day's bar and differ: of minutes in a file of days, all but the last would be lost. */
function contradictionIn(rows: readonly Row[], stored: readonly StoredRow[], { key }: DatasetConfig): string | null {
  if (rows.length === 1) return null
  const lines = new Map<string, string>()
  for (const [at, row] of rows.entries()) {
    const bar = `${rowKey(row, key)} ${String(stored[at]?.fetched_at)}`
    const line = canonicalLine(row)
    if ((lines.get(bar) ?? line) !== line) {
      return `row ${at}: it is the same day's bar as a row before and differs from it, expected one bar a day`
    }
    lines.set(bar, line)
  }
  return null
}

/** Says the row itself that it lies in the wrong place, or that it is not as traded? */
function misplaced(row: StoredRow, symbol: string, vendor: string): string | null {
  const { row_symbol: own, vendor: from, adjustment } = row
  if (typeof own === 'string' && own !== symbol) return `it is of ${own.slice(0, 40)}`
  if (typeof from === 'string' && from !== vendor) return `it is of vendor ${from.slice(0, 40)}`
  const isKnown = adjustment === null || adjustment === 'raw' || adjustment === 'none'
  return isKnown ? null : `its prices are adjusted (${String(adjustment).slice(0, 40)}), only prices as traded are kept`
}

function mismatch(row: StoredRow, mapping: ColumnMapping, spec: DatasetConfig): string | null {
  if (typeof row.mismatch === 'string') return row.mismatch
  for (const { name, required } of mapping.columns) {
    const value = row[name]
    if (value === null || value === undefined) {
      if (required) return `${name} is missing, expected a value in every row`
    } else if (typeof value === 'number' ? !Number.isFinite(value) : typeof value !== 'string') {
      return `${name} is ${String(value)}, expected a number${required ? '' : ' or nothing'}`
    }
  }
  return spec.columns.some(({ name, type }) => type === 'integer' && typeof row[name] === 'bigint')
    ? 'a count beyond 2^53'
    : null
}

/** What day the row says it is of, when that is not the day of its path. */
function misdated(row: StoredRow, dt: Dt, spec: DatasetConfig): string | null {
  const said = (what: string): string => `it is of ${what}, the path says ${dt}`
  if (typeof row.ts === 'number') {
    const day = dayOf(row.ts)
    if (day === null) return said(`the instant ${row.ts}`)
    // A bare day that is not the path's (column-mapping.ts): as an instant it lies on the evening before.
    const isBare = spec.timeframe === 'day' && row.ts % 86_400_000 === 0
    if (isBare || day !== dt) return said(isBare ? new Date(row.ts).toISOString().slice(0, 10) : day)
    if (spec.timeframe === 'day' && row.ts !== instantOf(dt, '00:00')) {
      return `ts is ${new Date(row.ts).toISOString()}, expected the start of ${dt} in New York, as this node stamps daily bars`
    }
  }
  if (typeof row.date === 'string' && row.date !== dt) return said(row.date)
  if (spec.expected_rows === 'events' && typeof row.effective_date === 'string') {
    const before = calendarOf(spec.calendar).sessions(addDays(dt, -LONGEST_CLOSURE_DAYS), addDays(dt, -1))
    const after = before.at(-1) ?? ''
    if (row.effective_date > dt || row.effective_date <= after) return said(row.effective_date)
  }
  return null
}

function dayOf(instant: number): Dt | null {
  try {
    return newYorkDt(instant)
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** The columns are those of the dataset, so the fields are a Row by construction of the config. */
function rowOf(spec: DatasetConfig, stored: StoredRow): Row {
  const row: Record<string, unknown> = {}
  for (const { name } of spec.columns) row[name] = stored[name]
  return row as unknown as Row
}
