/** Counts what a curated file no longer shows: rows that repeat a stamp within one vendor's raw file, and rows that say they belong elsewhere. */
import { sep } from 'node:path'
import type { DatasetConfig } from '../../config/schema.ts'
import { withTable } from '../_lake/duck-table.ts'
import type { Lake } from '../_lake/lake.ts'
import { rawFilesOf, shadowedCells } from '../_lake/list-raw-files.ts'
import { rawFolder } from '../_lake/paths.ts'
import { rawRows } from '../_lake/raw-rows-sql.ts'
import { sqlText } from '../_lake/sql-text.ts'
import type { DatasetName } from '../_market/cell.ts'

/** Bounds the text of one query and the state of one aggregation, whatever the partition's layout. */
const FILES_PER_QUERY = 2000

/** One row per (symbol, dt, vendor, feed) found in raw: a cell without a row has no raw evidence. */
export const DUPLICATE_COLUMNS = {
  symbol: 'VARCHAR',
  dt: 'DATE',
  vendor: 'VARCHAR',
  feed: 'VARCHAR',
  duplicate_rows: 'BIGINT',
  conflicts: 'BIGINT',
  other_adjustments: 'BIGINT',
  other_symbols: 'BIGINT',
  other_vendors: 'BIGINT',
  other_dates: 'BIGINT',
}

/**
 * Fills `table` from the raw files of these vendors on the days of the partition. A set of files that cannot be read leaves
 * its cells without a row, so that the checks say ERRORED instead of passing.
 */
export async function countDuplicates(
  lake: Lake,
  request: { dataset: DatasetName; spec: DatasetConfig; partition: string },
  vendors: readonly string[],
  table: string,
): Promise<void> {
  const all = await rawFilesOf(lake.root, request.dataset, request.partition)
  for (const vendor of vendors) {
    const folder = rawFolder(lake.root, vendor, request.dataset) + sep
    const files = all.filter((file) => file.startsWith(folder))
    const shadowed = shadowedCells(lake.root, files).map(({ dt, symbol }) => [dt, symbol])
    await withTable(lake.duck, 'shadowed', { dt: 'DATE', symbol: 'VARCHAR' }, shadowed, async (shadow) => {
      for (let from = 0; from < files.length; from += FILES_PER_QUERY) {
        const part = files.slice(from, from + FILES_PER_QUERY)
        try {
          const query = await duplicatesSql(lake, request.spec, vendor, part, shadowed.length === 0 ? null : shadow)
          await lake.duck.run(`INSERT INTO ${table} ${query}`)
        } catch (error) {
          if (!isUnreadable(error)) throw error
        }
      }
    })
  }
}

async function duplicatesSql(
  lake: Lake,
  spec: DatasetConfig,
  vendor: string,
  files: string[],
  shadowed: string | null,
): Promise<string> {
  const key = spec.expected_rows === 'series' ? [...spec.key, 'realtime_start'] : spec.key
  const values = spec.columns
    .map((column) => column.name)
    .filter((name) => !key.includes(name))
    .map((name) => `"${name}"`)
  // A later fetch of the same stamp is a correction and not a duplicate, where a file keeps both.
  const within = ['symbol', 'filename', 'feed', ...key.map((name) => `"${name}"`), 'fetched_at'].join(', ')
  // A cell counts in its own file where it has one.
  const counting =
    shadowed === null
      ? ''
      : `WHERE ${PATH_SYMBOL} IS NOT NULL OR symbol IS NULL OR (${DAY}, symbol) NOT IN (SELECT (dt, symbol) FROM ${shadowed})`
  // What is said of a row's place is that of its path, as curation takes it; what an older file does not say is what curation takes it for.
  return `
    SELECT symbol, ${DAY} AS dt, ${sqlText(vendor)} AS vendor, coalesce(feed, 'unknown') AS feed,
      coalesce(sum(copies - 1) FILTER (WHERE alike), 0) AS duplicate_rows, count(*) FILTER (WHERE NOT alike) AS conflicts,
      ${Object.keys(mismatches(vendor)).map((name) => `sum(${name}) AS ${name}`)}
    FROM (
      SELECT ${within}, count(*) AS copies, min(content) = max(content) AS alike,
        ${Object.entries(mismatches(vendor)).map(([name, condition]) => `count(*) FILTER (WHERE ${condition}) AS ${name}`)}
      FROM (
        SELECT * REPLACE (coalesce(${PATH_SYMBOL}, symbol) AS symbol), hash(${values.join(', ')}) AS content
        FROM ${await rawRows(lake, spec, files)} ${counting})
      GROUP BY ${within}
    )
    GROUP BY ALL`
}

/** The place of a row's file, anchored at its end: the root may lie below folders of such names. */
const PATH_SYMBOL = `url_decode(nullif(regexp_extract(filename, ${sqlText('/(?:symbol|underlier)=([^/]+)/data[.]parquet$')}, 1), ''))`
const DAY = `regexp_extract(filename, ${sqlText('/date=(\\d{4}-\\d{2}-\\d{2})/(?:[^/]+/)?data[.]parquet$')}, 1)::DATE`

/** Rows that say of themselves what their place does not, by the name of their count. Prices of any kind but as traded are never right. */
const mismatches = (vendor: string): Record<string, string> => ({
  other_adjustments: `adjustment NOT IN ('raw', 'none')`,
  other_symbols: 'said_symbol <> symbol',
  other_vendors: `vendor <> ${sqlText(vendor)}`,
  other_dates: `said_date <> ${DAY}`,
})

/** Lost, torn or foreign raw files; anything else (memory, disk) is a failure of ours and must be told. */
const isUnreadable = (error: unknown): boolean =>
  error instanceof Error && /^(?:IO|Invalid Input|Binder|Conversion) Error/.test(error.message)
