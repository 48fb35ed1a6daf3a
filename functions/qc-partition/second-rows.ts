/** The bars of second versions, read from the raw files that hold them, as one DuckDB table: no other cell of these files is kept. */
import type { DatasetConfig } from '../../config/schema.ts'
import { withTable } from '../_lake/duck-table.ts'
import { filesOfCells } from '../_lake/file-parts.ts'
import type { Lake } from '../_lake/lake.ts'
import { rawFileParts } from '../_lake/paths.ts'
import { overRawRows, UnreadableFiles } from '../_lake/query-raw.ts'
import { cellKey, type DatasetName } from '../_market/cell.ts'
import type { SecondVersion } from './second-version.ts'

const COLUMNS = {
  symbol: 'VARCHAR',
  dt: 'DATE',
  vendor: 'VARCHAR',
  refused: 'BOOLEAN',
  may_return: 'BOOLEAN',
  ts: 'TIMESTAMP',
  open: 'DOUBLE',
  high: 'DOUBLE',
  low: 'DOUBLE',
  close: 'DOUBLE',
  volume: 'DOUBLE',
}
const PLACES = {
  filename: 'VARCHAR',
  symbol: 'VARCHAR',
  dt: 'DATE',
  vendor: 'VARCHAR',
  refused: 'BOOLEAN',
  may_return: 'BOOLEAN',
  own: 'BOOLEAN',
}
const FILES_AT_ONCE = 500

/** Runs `fn` with the table of their rows. A version whose file is gone or cannot be read is not in it: it is no second view. */
export function withSecondRows<T>(
  lake: Lake,
  { dataset, spec }: { dataset: DatasetName; spec: DatasetConfig },
  seconds: readonly SecondVersion[],
  fn: (table: string) => Promise<T>,
): Promise<T> {
  return withTable(lake.duck, 'qc_second', COLUMNS, [], async (table) => {
    for (const vendor of new Set(seconds.map((one) => one.vendor))) {
      const own = seconds.filter((one) => one.vendor === vendor)
      const files = await filesOfCells(lake, spec, dataset, vendor, own)
      const byFile = new Map<string, SecondVersion[]>()
      for (const version of own) {
        const [file] = files.get(cellKey(version.symbol, version.dt)) ?? []
        if (file === undefined) continue
        const those = byFile.get(file)
        if (those) those.push(version)
        else byFile.set(file, [version])
      }
      const all = [...byFile].sort(([a], [b]) => (a < b ? -1 : 1))
      for (let from = 0; from < all.length; from += FILES_AT_ONCE)
        await readInto(lake, spec, table, all.slice(from, from + FILES_AT_ONCE))
    }
    return await fn(table)
  })
}

async function readInto(
  lake: Lake,
  spec: DatasetConfig,
  table: string,
  files: readonly (readonly [string, readonly SecondVersion[]])[],
): Promise<void> {
  const places = files.flatMap(([file, versions]) =>
    versions.map(({ symbol, dt, vendor, isRefused, mayReturn }) => [
      file,
      symbol,
      dt,
      vendor,
      isRefused,
      mayReturn,
      rawFileParts(lake.root, file)?.symbol != null,
    ]),
  )
  await withTable(lake.duck, 'qc_second_places', PLACES, places, async (place) => {
    const paths = files.map(([file]) => file)
    try {
      await overRawRows(lake, spec, paths, (raw) => lake.duck.run(`INSERT INTO ${table} ${rowsSql(raw, place)}`))
    } catch (error) {
      // Curation sets such a file aside; until then its cells are judged alone.
      if (!(error instanceof UnreadableFiles)) throw error
      const readable = files.filter(([file]) => !error.paths.includes(file))
      if (readable.length < files.length && readable.length > 0) await readInto(lake, spec, table, readable)
    }
  })
}

/** Of rows with one stamp the newest fetch counts, of equal ones the later row: as in curation. */
const rowsSql = (raw: string, place: string): string => `
  SELECT symbol, dt, vendor, refused, may_return, ts, ${['open', 'high', 'low', 'close', 'volume'].map((name) => `arg_max(${name}, newest)::DOUBLE AS ${name}`).join(', ')}
  FROM (
    SELECT p.symbol, p.dt, p.vendor, p.refused, p.may_return, r.ts, r.open, r.high, r.low, r.close, r.volume,
      (coalesce(r.fetched_at, 'epoch'::TIMESTAMP), r.file_row_number) AS newest
    FROM ${raw} r JOIN ${place} p ON p.filename = r.filename AND (p.own OR p.symbol = r.symbol))
  GROUP BY symbol, dt, vendor, refused, may_return, ts`
