/** What changed in the table of corporate actions since the bundle before: filed late, withdrawn, moved to another day, or stated with other terms. */
import { join } from 'node:path'
import { actionColumns } from '../_actions/action-columns.ts'
import { readMerged } from '../_actions/read-merged.ts'
import { isSameSize, sizedSql } from '../_actions/same-action.ts'
import { sha256OfFile } from '../_lake/digest.ts'
import type { Lake } from '../_lake/lake.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import { bundleFolder } from '../_lake/paths.ts'
import type { Dt } from '../_market/dt.ts'
import type { BundledDataset } from './partitions.ts'
import { LEDGER_PATH } from './stage.ts'
import type { BundleFile } from './stage-vouched.ts'

/** The bundle before: sha256 of its data files by path. */
interface Before {
  asof: Dt
  files: ReadonlyMap<string, string>
}

export interface ActionChange {
  symbol: string
  /** Where the action stands now; of one that was withdrawn, where it stood. */
  dt: Dt
  kind: string
  change: 'late' | 'withdrawn' | 'moved' | 'changed'
  /** Of one that moved: where it stood. */
  from: Dt | null
  cash: number | null
  old_shares: number | null
  new_shares: number | null
  /** Of one with other terms: what they were. */
  cash_before: number | null
  old_shares_before: number | null
  new_shares_before: number | null
  sources: string
}

export interface ActionChanges {
  total: number
  /** Sorted by symbol and day. */
  first: ActionChange[]
}

/** Changes that are named; the rest is counted. */
const MOST_LISTED = 1000
/** An action that moved has another id where its vendor makes ids of what it says. */
const MOST_DAYS_MOVED = 45
const MOST_DAYS_WITHOUT_ID = 6
const NONE: ActionChanges = { total: 0, first: [] }

/**
 * Compares the files that differ. An action of a day that the bundle before did not know is no late one: the day was not collected yet. None where
 * there is no bundle before, or its files are not what its manifest says.
 */
export async function actionChanges(
  lake: Lake,
  staging: string,
  { spec, name }: BundledDataset,
  previous: Before | null,
  data: readonly BundleFile[],
): Promise<ActionChanges> {
  if (previous === null) return NONE
  const isOfActions = (path: string): boolean => path.startsWith(`curated/${name}/`)
  const now = new Map(data.filter(({ path }) => isOfActions(path)).map(({ path, sha256 }) => [path, sha256]))
  const before = new Map([...previous.files].filter(([path]) => isOfActions(path)))
  const folder = bundleFolder(lake.exportRoot, previous.asof)
  const added = [...now].filter(([path, sha256]) => before.get(path) !== sha256).map(([path]) => join(staging, path))
  const gone = [...before].filter(([path, sha256]) => now.get(path) !== sha256).map(([path]) => path)
  if (added.length + gone.length === 0) return NONE
  for (const path of [...gone, LEDGER_PATH]) {
    const found = await sha256OfFile(join(folder, path)).catch(() => null)
    if (found !== previous.files.get(path)) return NONE
  }
  const wereThere = gone.map((path) => join(folder, path))
  const changes = changesSql({
    now: tableOf(added, wereThere, spec),
    before: tableOf(wereThere, added, spec),
    ledger: join(staging, LEDGER_PATH),
    ledgerBefore: join(folder, LEDGER_PATH),
    dataset: name,
  })
  const first = await lake.duck.all<ActionChange & Record<string, unknown>>(
    `${changes} ORDER BY symbol, dt, kind, change, sources LIMIT ${MOST_LISTED}`,
  )
  if (first.length < MOST_LISTED) return { total: first.length, first }
  const [counted] = await lake.duck.all<{ total: number }>(`SELECT count(*) AS total FROM (${changes})`)
  return { total: counted?.total ?? first.length, first }
}

/** The actions of these files; where there are none, no row with the columns of `others`. */
function tableOf(files: readonly string[], others: readonly string[], { columns }: BundledDataset['spec']): string {
  const column = actionColumns(columns)
  const rows = files.length > 0 ? readMerged(files) : `(SELECT * FROM ${readMerged(others)} WHERE false)`
  return `(SELECT symbol, dt, kind, scope, size, slack, cash_ AS cash, ${column('old_shares')} AS old_shares, ${column('new_shares')} AS new_shares,
      coalesce(sources, vendor || ':' || id) AS sources FROM (${sizedSql(rows, column)}))`
}

function changesSql(t: Record<'now' | 'before' | 'ledger' | 'ledgerBefore' | 'dataset', string>): string {
  const isSame = `n.symbol = b.symbol AND n.kind = b.kind AND n.scope = b.scope AND ${isSameSize(['n.size', 'n.slack'], ['b.size', 'b.slack'])}`
  const sharesSource = `list_has_any(string_split(n.sources, ','), string_split(b.sources, ','))`
  const cells = (file: string): string =>
    `(SELECT symbol, dt, status, "rows", reason FROM ${readParquet(file)} WHERE dataset = '${t.dataset}')`
  return `
    WITH now AS MATERIALIZED (SELECT *, row_number() OVER () AS n_at FROM ${t.now}), before AS MATERIALIZED (SELECT *, row_number() OVER () AS b_at FROM ${t.before}),
    fresh AS (SELECT * FROM now n WHERE NOT EXISTS (SELECT 1 FROM before b WHERE b.dt = n.dt AND ${isSame})),
    lost AS (SELECT * FROM before b WHERE NOT EXISTS (SELECT 1 FROM now n WHERE n.dt = b.dt AND ${isSame})),
    pairs AS (
      SELECT n_at, b_at, IF(n.dt = b.dt, 'changed', 'moved') AS change, b.dt AS from_dt, b.cash AS cash_before, b.old_shares AS old_shares_before,
        b.new_shares AS new_shares_before
      FROM fresh n JOIN lost b ON n.symbol = b.symbol AND n.kind = b.kind AND ((n.dt = b.dt AND n.scope = b.scope)
        OR (n.dt <> b.dt AND abs(n.dt - b.dt) <= ${MOST_DAYS_MOVED} AND ${sharesSource}) OR (n.dt <> b.dt AND abs(n.dt - b.dt) <= ${MOST_DAYS_WITHOUT_ID} AND ${isSame}))
      QUALIFY row_number() OVER (PARTITION BY n_at ORDER BY n.dt <> b.dt, NOT ${sharesSource}, abs(n.dt - b.dt), abs(n.size - b.size), b.sources) = 1
        AND row_number() OVER (PARTITION BY b_at ORDER BY n.dt <> b.dt, NOT ${sharesSource}, abs(n.dt - b.dt), abs(n.size - b.size), n.sources) = 1
    )
    SELECT n.symbol, n.dt, n.kind, p.change, IF(p.change = 'moved', p.from_dt, NULL) AS "from", n.cash, n.old_shares, n.new_shares,
      IF(p.change = 'changed', p.cash_before, NULL) AS cash_before, IF(p.change = 'changed', p.old_shares_before, NULL) AS old_shares_before,
      IF(p.change = 'changed', p.new_shares_before, NULL) AS new_shares_before, n.sources
    FROM fresh n JOIN pairs p USING (n_at)
    UNION ALL BY NAME
    SELECT n.symbol, n.dt, n.kind, 'late' AS change, n.cash, n.old_shares, n.new_shares, n.sources
    FROM fresh n JOIN ${cells(t.ledgerBefore)} c USING (symbol, dt)
    WHERE n_at NOT IN (SELECT n_at FROM pairs) AND (c."rows" > 0 OR c.reason = 'SOURCE_SAYS_NONE')
    UNION ALL BY NAME
    SELECT b.symbol, b.dt, b.kind, 'withdrawn' AS change, b.cash, b.old_shares, b.new_shares, b.sources
    FROM lost b JOIN ${cells(t.ledger)} c USING (symbol, dt)
    WHERE b_at NOT IN (SELECT b_at FROM pairs) AND c.status <> 'RED' AND (c."rows" > 0 OR c.reason = 'SOURCE_SAYS_NONE')`
}
