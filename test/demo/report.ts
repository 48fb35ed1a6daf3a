/** What a night came to, counted: by the ledger, the coverage, the queue and the vendors. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import type { Config } from '../../config/schema.ts'
import type { Db } from '../../db/client.ts'
import { countCoverage } from '../../db/coverage/count-coverage.ts'
import { countTasks, type TaskCount } from '../../db/gap-tasks/count-tasks.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { curatedFolder, ledgerFile } from '../../functions/_lake/paths.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import type { Lab } from '../lab/lab.ts'
import type { ShownCell } from './next-step.ts'
import type { DatasetProgress } from './progress.ts'
import type { CellRow, ShownAction } from './tables.ts'

/** The queue before the night, to tell what the night did. */
export interface Before {
  lastTask: number
  tasks: TaskCount[]
}

export async function lookBefore(db: Db): Promise<Before> {
  const [row] = await db.all<{ id: number | null }>(sql`SELECT max(id) AS id FROM gap_tasks`)
  return { lastTask: row?.id ?? 0, tasks: await countTasks(db) }
}

export interface TaskReport {
  enqueued: number
  filled: number
  absent: number
  stalled: number
}

export async function taskReport(db: Db, before: Before): Promise<TaskReport> {
  const after = await countTasks(db)
  const [row] = await db.all<{ tasks: number }>(
    sql`SELECT coalesce(sum(cells), 0) AS tasks FROM gap_tasks WHERE id > ${before.lastTask}`,
  )
  const isFilled = ({ lastOutcome }: TaskCount): boolean => lastOutcome === 'filled' || lastOutcome === 'short'
  const grown = (which: (count: TaskCount) => boolean): number =>
    sum(after.filter(which).map(({ tasks }) => tasks)) - sum(before.tasks.filter(which).map(({ tasks }) => tasks))
  return {
    enqueued: row?.tasks ?? 0,
    filled: grown((count) => count.state === 'done' && isFilled(count)),
    absent: grown((count) => count.state === 'done' && !isFilled(count)),
    stalled: grown(({ state }) => state === 'stalled'),
  }
}

export interface LedgerLine extends Record<string, unknown> {
  dataset: string
  state: 'present' | 'absent' | 'held'
  why: string
  cells: number
}

/** Cells by dataset and fate: present by vendor, absent by reason, held by flags. */
export const ledgerLines = (lake: Lake): Promise<LedgerLine[]> =>
  lake.duck.all<LedgerLine>(`
    SELECT dataset,
      CASE WHEN "rows" = 0 THEN 'absent' WHEN status = 'RED' THEN 'held' ELSE 'present' END AS state,
      CASE WHEN "rows" = 0 THEN coalesce(reason, 'still open') WHEN status = 'RED' THEN flags ELSE vendor END AS why,
      count(*) AS cells
    FROM ${readParquet(ledgerFile(lake.root))} GROUP BY ALL ORDER BY dataset, state DESC, cells DESC, why`)

export interface CellReport {
  expected: number
  present: number
  absent: number
  held: number
}

export function cellReport(lines: readonly LedgerLine[]): CellReport {
  const of = (state: string): number => sum(lines.filter((line) => line.state === state).map(({ cells }) => cells))
  return {
    expected: of('present') + of('absent') + of('held'),
    present: of('present'),
    absent: of('absent'),
    held: of('held'),
  }
}

/** What the node itself says of a dataset in `GET /coverage/:dataset`. */
interface CoverageTotal {
  expected: number
  present: number
  absent: number
  open: number
}

async function coverageTotal(address: string, dataset: string): Promise<CoverageTotal> {
  const answer = await fetch(`${address}/coverage/${dataset}`)
  const { total, error } = (await answer.json()) as { total?: CoverageTotal; error?: string }
  if (!total) throw new Error(`GET /coverage/${dataset} failed: ${error ?? answer.status}`)
  return total
}

/**
 * A row a dataset: expected, absent and open by the coverage, present and held by the ledger. Of events a cell whose actions were all withdrawn is
 * delivered by the coverage and absent by the ledger.
 */
export const cellRows = (address: string, { datasets }: Config, lines: readonly LedgerLine[]): Promise<CellRow[]> =>
  Promise.all(
    Object.entries(datasets).map(async ([dataset, spec]) => {
      const { expected, present: delivered, absent, open } = await coverageTotal(address, dataset)
      const { present, held } = cellReport(lines.filter((line) => line.dataset === dataset))
      const withdrawn = spec?.expected_rows === 'events' ? delivered - present - held : 0
      return { dataset, expected, present, held, absent: absent + withdrawn, open }
    }),
  )

/** Counts what is done by now, of every dataset; cheap enough to be asked several times a second. */
export async function progressReader(
  address: string,
  { datasets }: Config,
  db: Db,
): Promise<() => Promise<DatasetProgress[]>> {
  const count = async (): Promise<Map<string, { present: number; absent: number }>> =>
    new Map((await countCoverage(db)).map((row) => [row.dataset, row]))
  const before = await count()
  const terms = await Promise.all(
    Object.keys(datasets).map(async (dataset) => {
      const { expected, absent } = await coverageTotal(address, dataset)
      // What no vendor can have by rule is explained without a row in the coverage.
      return { dataset, expected, byRule: absent - (before.get(dataset)?.absent ?? 0) }
    }),
  )
  return async () => {
    const now = await count()
    return terms.map(({ dataset, expected, byRule }) => {
      const { present = 0, absent = 0 } = now.get(dataset) ?? {}
      return { dataset, expected, done: present + absent + byRule }
    })
  }
}

/** The newest corporate action of some kinds, splits first, with the closes around it. */
export async function someActions(lake: Lake): Promise<ShownAction[]> {
  const actions = await curatedFiles(lake, 'corporate_actions')
  const bars = await curatedFiles(lake, 'equities_bars')
  if (actions.length === 0) return []
  const close = (where: string): string =>
    bars.length === 0
      ? 'NULL'
      : `(SELECT arg_max(close, dt) FROM ${readParquet(bars)} WHERE symbol = a.symbol AND ${where})`
  return await lake.duck.all<ShownAction>(`
    SELECT symbol, dt::VARCHAR AS dt, kind, cash, old_shares, new_shares,
      ${close('dt < a.dt')} AS before, ${close('dt = a.dt')} AS after
    FROM (
      SELECT * FROM ${readParquet(actions)}
      QUALIFY row_number() OVER (PARTITION BY kind ORDER BY dt DESC, symbol) = 1
      ORDER BY new_shares IS NULL, kind LIMIT 3
    ) a ORDER BY new_shares IS NULL, kind`)
}

async function curatedFiles({ root }: Lake, dataset: DatasetName): Promise<string[]> {
  const folder = curatedFolder(root, dataset)
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  return names.filter((name) => name.endsWith('.parquet')).map((name) => join(folder, name))
}

/** A cell whose story is worth reading: one without data, else one with. */
export const cellWorthReading = async (lake: Lake): Promise<ShownCell | undefined> =>
  (
    await lake.duck.all<ShownCell & Record<string, unknown>>(`
    SELECT dataset, symbol, dt::VARCHAR AS dt FROM ${readParquet(ledgerFile(lake.root))}
    ORDER BY reason IN ('VENDOR_OUTAGE', 'VENDORS_AGREE_EMPTY') DESC NULLS LAST, reason DESC NULLS LAST, dataset, dt, symbol LIMIT 1`)
  )[0]

export type VendorReport = Record<string, { calls: number; rows: number; violations: number }>

export const vendorReport = (lab: Lab): VendorReport =>
  Object.fromEntries(
    (['alpaca', 'massive', 'fred'] as const).map((name) => {
      const { calls, rows, violations } = lab[name].stats()
      return [name, { calls, rows, violations }]
    }),
  )

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
