/** Raw files as rows again: many files in one query, in whatever layout they were written. */
import type { DatasetConfig } from '../../config/schema.ts'
import { adjustmentOf, type Provenance, type Row } from '../_market/row.ts'
import { perReadable } from './bisect-unreadable.ts'
import { rawColumns } from './encode.ts'
import { isOfAFile } from './footers.ts'
import type { Lake } from './lake.ts'
import { rawFileParts } from './paths.ts'
import type { RawPart } from './raw-part.ts'
import { rawRows } from './raw-rows-sql.ts'

/** Raw files that are there but cannot be read: torn, or their bits have changed. Set them aside and ask the vendor again. */
export class UnreadableFiles extends Error {
  readonly paths: string[]
  constructor(paths: string[], cause: unknown) {
    super(
      `expected a Parquet file at ${paths.join(', ')}, but it cannot be read: set it aside and fetch its cells again`,
      { cause },
    )
    this.name = 'UnreadableFiles'
    this.paths = paths
  }
}

/** Runs a query over the rows of raw files; when it fails and some of the files are the reason, throws UnreadableFiles with their paths. */
export async function overRawRows<T>(
  lake: Lake,
  spec: DatasetConfig,
  files: readonly string[],
  query: (rows: string) => Promise<T>,
  zeros?: 'said' | 'stored',
): Promise<T> {
  try {
    return await query(await rawRows(lake, spec, files, zeros))
  } catch (error) {
    const unreadable = isOfAFile(error) ? await unreadableOf(lake, spec, files) : []
    throw unreadable.length > 0 ? new UnreadableFiles(unreadable, error) : error
  }
}

/** Those of the files that cannot be read to the end. Rejects with what is a fault of the machine. */
export async function unreadableOf(lake: Lake, spec: DatasetConfig, files: readonly string[]): Promise<string[]> {
  const unreadable: string[] = []
  await perReadable(
    files,
    // Every value is looked at: a flipped bit in a page is not seen by reading the footer.
    async (part) => lake.duck.run(`SELECT max(hash(COLUMNS(*))) FROM ${await rawRows(lake, spec, part)}`),
    (file) => unreadable.push(file),
  )
  return unreadable
}

/**
 * The parts of raw files by path, as one query finds them: rows in file order, one part for each run of rows that share symbol and provenance.
 * What a file of an older node does not say is taken from its path; an unknown feed is `unknown`, an unknown fetch time 0.
 * Throws UnreadableFiles for damaged ones.
 */
export async function queryRawParts(
  lake: Lake,
  spec: DatasetConfig,
  files: readonly string[],
): Promise<Map<string, RawPart[]>> {
  const byFile = new Map<string, RawPart[]>(files.map((path) => [path, []]))
  if (files.length === 0) return byFile
  const names = rawColumns(spec.columns).map(({ name }) => `"${name}"`)
  const stored = await overRawRows(
    lake,
    spec,
    files,
    (rows) =>
      lake.duck.all<Record<string, unknown>>(
        `SELECT ${names.join(', ')}, filename FROM ${rows} ORDER BY filename, file_row_number`,
      ),
    'stored',
  )
  let last: { path: string; part: RawPart & { rows: Row[] } } | null = null
  let said: ReturnType<typeof rawFileParts> = null
  let saidBy: string | null = null
  for (const fields of stored) {
    // Of yields the series that nobody collects are left out, as curation leaves them.
    if (fields.symbol === null && spec.universe === 'groups') continue
    const path = String(fields.filename)
    // Rows come file by file: a path is taken apart once, not for every row.
    if (path !== saidBy) said = rawFileParts(lake.root, path)
    saidBy = path
    const { symbol, provenance } = originOf(said, path, fields, spec)
    if (!last || last.path !== path || last.part.symbol !== symbol || !isSame(last.part.provenance, provenance)) {
      last = { path, part: { symbol, provenance, rows: [] } }
      byFile.get(path)?.push(last.part)
    }
    last.part.rows.push(rowOf(spec, fields))
  }
  return byFile
}

function originOf(
  said: ReturnType<typeof rawFileParts>,
  path: string,
  fields: Record<string, unknown>,
  spec: DatasetConfig,
) {
  const symbol = fields.symbol ?? said?.symbol
  const vendor = fields.vendor ?? said?.vendor
  if (typeof symbol !== 'string' || typeof vendor !== 'string') {
    throw new Error(
      `expected symbol and vendor in each row of ${path}, got ${symbol} and ${vendor}: move the file away or repair it`,
    )
  }
  const provenance: Provenance = {
    vendor,
    feed: typeof fields.feed === 'string' ? fields.feed : 'unknown',
    adjustment:
      fields.adjustment === 'raw' || fields.adjustment === 'none'
        ? fields.adjustment
        : adjustmentOf(spec.expected_rows),
    fetchedAt: typeof fields.fetched_at === 'number' ? fields.fetched_at : 0,
  }
  return { symbol, provenance }
}

const isSame = (a: Provenance, b: Provenance): boolean =>
  a.fetchedAt === b.fetchedAt && a.feed === b.feed && a.vendor === b.vendor && a.adjustment === b.adjustment

/** The columns are those of the dataset, so the fields are a Row by construction of the config. */
function rowOf(spec: DatasetConfig, fields: Record<string, unknown>): Row {
  const row: Record<string, unknown> = {}
  for (const { name } of spec.columns) row[name] = fields[name]
  return row as unknown as Row
}
