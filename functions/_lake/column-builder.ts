/** The values of a column as Parquet holds them, gathered in one pass from served rows and from the columns of the file before. */
import type { ColumnConfig } from '../../config/schema.ts'
import { dayNumber, isDt } from '../_market/dt.ts'
import type { Row } from '../_market/row.ts'
import type { ColumnChunk } from '../_parquet/writer.ts'
import { type FilePart, isStored, type RawPart, type StoredPart } from './raw-part.ts'

/** Served rows that stand together in a file, each with the part it came with. */
interface Served {
  rows: Row[]
  parts: RawPart[]
}
type Run = Served | StoredPart

/** A column being gathered: so many rows, so many values. */
interface ColumnValues {
  values: string[] | Float64Array
  present: Uint8Array | null
  rows: number
  count: number
}

/** The parts as few runs: a part of one row each would cost every column more than its values. */
export function runsOf(parts: readonly FilePart[]): Run[] {
  const runs: Run[] = []
  let last: Run | undefined
  for (const part of parts) {
    if (isStored(part)) {
      if (last && 'group' in last && last.group === part.group && last.to === part.from) {
        last.to = part.to
        continue
      }
      last = { ...part }
      runs.push(last)
      continue
    }
    if (!last || 'group' in last) {
      last = { rows: [], parts: [] }
      runs.push(last)
    }
    for (const row of part.rows) {
      last.rows.push(row)
      last.parts.push(part)
    }
  }
  return runs
}

/** Throws an Error that names column and row for a value that cannot be stored. `at` is the column's place in the file. */
export function columnChunk(column: ColumnConfig, at: number, runs: readonly Run[], rows: number): ColumnChunk {
  const values = column.type === 'text' ? [] : new Float64Array(rows)
  const gathered: ColumnValues = { values, present: column.optional ? new Uint8Array(rows) : null, rows: 0, count: 0 }
  const sharedOf = SHARED.get(column.name)
  for (const run of runs) {
    if ('group' in run) addStored(gathered, run, at)
    else if (sharedOf) addShared(gathered, column, run, sharedOf)
    else addServed(gathered, column, run)
    gathered.rows += 'group' in run ? run.to - run.from : run.rows.length
  }
  const { present, count } = gathered
  return { values: values instanceof Float64Array ? values.subarray(0, count) : values, present }
}

/** As it lies in the file it came from. */
function addStored(gathered: ColumnValues, { group, from, to }: StoredPart, at: number): void {
  const { present, rows } = gathered
  const { values: old, rank } = group.columns[at]!
  if (rank === null && gathered.values instanceof Float64Array) {
    gathered.values.set((old as Float64Array).subarray(from, to), gathered.count)
    gathered.count += to - from
    present?.fill(1, rows, rows + to - from)
    return
  }
  const values = mixed(gathered)
  let { count } = gathered
  for (let row = from; row < to; row++) {
    const place = rank === null ? row : (rank[row] as number)
    if (place < 0) continue
    values[count++] = old[place] as string | number
    if (present) present[rows + row - from] = 1
  }
  gathered.count = count
}

/** What an answer says once for all of its rows: one look a part. */
const SHARED = new Map<string, (part: RawPart) => string | number>([
  ['symbol', ({ symbol }) => symbol],
  ['vendor', ({ provenance }) => provenance.vendor],
  ['feed', ({ provenance }) => provenance.feed],
  ['adjustment', ({ provenance }) => provenance.adjustment],
  ['fetched_at', ({ provenance }) => provenance.fetchedAt],
])

function addShared(
  gathered: ColumnValues,
  column: ColumnConfig,
  served: Served,
  sharedOf: (part: RawPart) => string | number,
): void {
  const { parts } = served
  const values = mixed(gathered)
  let { count } = gathered
  let before: string | number | undefined
  let primitive: string | number | null = null
  for (let at = 0; at < parts.length; at++) {
    const value = sharedOf(parts[at]!)
    if (value !== before || primitive === null) {
      primitive = primitiveOf(column, value)
      if (primitive === null) throw refusal(column, value, served, at)
      before = value
    }
    values[count++] = primitive
  }
  gathered.count = count
}

function addServed(gathered: ColumnValues, column: ColumnConfig, served: Served): void {
  const { rows } = served
  const { present, rows: done } = gathered
  const { name } = column
  const values = mixed(gathered)
  let { count } = gathered
  for (let at = 0; at < rows.length; at++) {
    const value = (rows[at] as unknown as Record<string, unknown>)[name]
    if (present) {
      if (value === null || value === undefined) continue
      present[done + at] = 1
    }
    const primitive = primitiveOf(column, value)
    if (primitive === null) throw refusal(column, value, served, at)
    values[count++] = primitive
  }
  gathered.count = count
}

/** All values of a column are texts or all are numbers, as its type says. */
const mixed = ({ values }: ColumnValues): (string | number)[] => values as unknown as (string | number)[]

let lastText = ''
/** Whoever shares a file shares most of it: vendor, feed. What is equal to the text before is not looked at again. */
function isWellFormed(text: string): boolean {
  if (text === lastText) return true
  if (/\p{Surrogate}/u.test(text)) return false
  lastText = text
  return true
}

let lastDay = { text: '1970-01-01', day: 0 }
function dayOf(text: string): number | null {
  if (text !== lastDay.text) {
    if (!isDt(text)) return null
    lastDay = { text, day: dayNumber(text) }
  }
  return lastDay.day
}

const FURTHEST_MS = 8.64e15

/** The value as Parquet holds it, or null when it cannot. */
function primitiveOf(column: ColumnConfig, value: unknown): string | number | null {
  switch (column.type) {
    case 'text':
      return typeof value === 'string' && isWellFormed(value) ? value : null
    case 'double':
      return typeof value === 'number' && Number.isFinite(value) ? value : null
    case 'integer':
      return Number.isSafeInteger(value) ? (value as number) : null
    case 'day':
      return typeof value === 'string' ? dayOf(value) : null
    case 'instant':
      // Whole for our own rows; an adopted file may hold microseconds.
      return typeof value === 'number' && Math.abs(value) <= FURTHEST_MS ? Math.round(value * 1000) : null
    default:
      throw new Error(`expected a known column type, got ${column.type satisfies never}`)
  }
}

const WANTED = {
  text: 'text',
  double: 'a finite number',
  integer: 'a whole number within 2^53',
  day: 'a day as YYYY-MM-DD',
  instant: 'epoch milliseconds',
} as const satisfies Record<ColumnConfig['type'], string>

/** `at` counts the rows of the run; told is the row of the part. */
function refusal(column: ColumnConfig, value: unknown, { parts }: Served, at: number): Error {
  const part = parts[at]!
  const row = at - parts.indexOf(part)
  const got = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return new Error(
    `expected ${WANTED[column.type]} in column ${column.name} of row ${row} of ${part.symbol} from ${part.provenance.vendor}, got ${got}: nothing was written`,
  )
}
