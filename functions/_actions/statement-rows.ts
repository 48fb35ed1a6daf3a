/** The statements of raw files of corporate actions as one subquery. */
import type { DatasetConfig } from '../../config/schema.ts'
import { withTable } from '../_lake/duck-table.ts'
import type { Lake } from '../_lake/lake.ts'
import { rawFileParts } from '../_lake/paths.ts'
import { overRawRows } from '../_lake/query-raw.ts'
import type { Dt } from '../_market/dt.ts'

/** A vendor's version that counts. */
export type AcceptedVersion = readonly [vendor: string, symbol: string, dt: Dt]

const PLACES = { filename: 'VARCHAR', dt: 'DATE', vendor: 'VARCHAR', symbol: 'VARCHAR' }
const VERSIONS = { vendor: 'VARCHAR', symbol: 'VARCHAR', dt: 'DATE' }

/** Runs `fn` with the rows of accepted versions in these files, as mergedSql takes them; no vendor is preferred. Throws UnreadableFiles for damaged files. */
export async function withStatementRows<T>(
  lake: Lake,
  spec: DatasetConfig,
  files: readonly string[],
  accepted: readonly AcceptedVersion[],
  fn: (statements: string) => Promise<T>,
): Promise<T> {
  const places = files.map((path) => {
    const parts = rawFileParts(lake.root, path)
    if (!parts) throw new Error(`expected a raw file, got ${path}`)
    return [path, parts.dt, parts.vendor, parts.symbol]
  })
  const versions = accepted.map((version) => [...version])
  return withTable(lake.duck, 'action_files', PLACES, places, (place) =>
    withTable(lake.duck, 'action_versions', VERSIONS, versions, (version) =>
      overRawRows(lake, spec, files, (raw) =>
        fn(`(SELECT *, NULL::INTEGER AS rank FROM (
            SELECT r.* EXCLUDE (symbol, vendor, fetched_at), coalesce(p.symbol, r.symbol) AS symbol, p.vendor, p.dt,
              coalesce(r.fetched_at, 'epoch'::TIMESTAMP) AS fetched_at FROM ${raw} r JOIN ${place} p USING (filename))
          SEMI JOIN ${version} USING (vendor, symbol, dt))`),
      ),
    ),
  )
}
