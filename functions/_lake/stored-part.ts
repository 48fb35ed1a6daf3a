/** Rows of a raw file as they lie in its columns: what is only carried from the old file into the new one never becomes objects. */
import type { ColumnConfig } from '../../config/schema.ts'
import { dtOfDay } from '../_market/dt.ts'
import type { Row } from '../_market/row.ts'
import { readOwnGroups, type StoredColumn, type StoredGroup } from '../_parquet/reader.ts'
import { UnsupportedFileError } from '../_parquet/thrift-reader.ts'
import type { FileSchema } from '../_parquet/writer.ts'
import { type FilePart, isStored, type RawPart, type StoredPart } from './raw-part.ts'

/** Columns behind those of the dataset: vendor, feed, adjustment, fetched_at. */
const PROVENANCE = 4

/** The parts of a file with this schema, in file order; null for a file that is not exactly as we write it. */
export function readOwnParts(bytes: Buffer, schema: FileSchema): StoredPart[] | null {
  try {
    return partsOf(readOwnGroups(bytes, schema))
  } catch (error) {
    if (error instanceof UnsupportedFileError) return null
    throw error
  }
}

/** One part for each run of rows that share symbol and provenance. */
function partsOf(groups: readonly StoredGroup[]): StoredPart[] {
  const parts: StoredPart[] = []
  for (const group of groups) {
    const symbols = group.columns[0]!.values as string[]
    const [vendors, feeds, adjustments, fetched] = group.columns.slice(-PROVENANCE).map(({ values }) => values)
    for (let from = 0; from < group.rows; ) {
      const isSame = (at: number): boolean =>
        symbols[at] === symbols[from] &&
        fetched![at] === fetched![from] &&
        vendors![at] === vendors![from] &&
        feeds![at] === feeds![from] &&
        adjustments![at] === adjustments![from]
      let to = from + 1
      while (to < group.rows && isSame(to)) to++
      const adjustment = adjustments![from]
      if (adjustment !== 'raw' && adjustment !== 'none') throw new UnsupportedFileError('another adjustment')
      const fetchedAt = ours('instant', fetched![from] as number) as number
      const provenance = { vendor: String(vendors![from]), feed: String(feeds![from]), adjustment, fetchedAt } as const
      parts.push({ symbol: symbols[from] as string, provenance, group, from, to })
      from = to
    }
  }
  return parts
}

/** The part with its rows as objects. `columns` are those of the dataset. */
export function asRawPart(part: FilePart, columns: readonly ColumnConfig[]): RawPart {
  if (!isStored(part)) return part
  const { symbol, provenance, group, from, to } = part
  const rows: Row[] = []
  for (let row = from; row < to; row++) {
    const fields: Record<string, unknown> = {}
    // The first column is the symbol.
    for (const [at, { name, type }] of columns.entries())
      fields[name] = ours(type, primitiveAt(group.columns[at + 1]!, row))
    // The columns are those of the dataset, so the fields are a row by construction of the configuration.
    rows.push(fields as unknown as Row)
  }
  return { symbol, provenance, rows }
}

/** The value of a row as Parquet holds it. */
export function primitiveAt({ values, rank }: StoredColumn, row: number): string | number | null {
  if (rank === null) return values[row] as string | number
  const at = rank[row] as number
  return at < 0 ? null : (values[at] as string | number)
}

function ours(type: ColumnConfig['type'], value: string | number | null): string | number | null {
  if (value === null || typeof value === 'string') return value
  switch (type) {
    case 'day':
      return dtOfDay(value)
    case 'instant':
      // Whole for our own rows; an adopted file may hold microseconds.
      return Math.trunc(value / 1000) + (value % 1000) / 1000
    case 'text':
    case 'double':
    case 'integer':
      return value
    default:
      throw new Error(`expected a known column type, got ${type satisfies never}`)
  }
}
