/** The condition of every trading day as a table: what a bundle has of it, and whether that may still change. */
import { join } from 'node:path'
import type { JudgedDay } from '../_condition/conditions.ts'
import type { DayCondition } from '../_condition/day-condition.ts'
import { type CellValue, withTable } from '../_lake/duck-table.ts'
import type { Lake } from '../_lake/lake.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import { sqlText } from '../_lake/sql-text.ts'
import type { Dt } from '../_market/dt.ts'
import type { BundledDataset } from './partitions.ts'
import { LEDGER_PATH } from './stage.ts'
import { stageTable } from './stage-table.ts'
import type { BundleFile } from './stage-vouched.ts'

export const CONDITION_PATH = 'tables/condition.parquet'

/** Says the condition of each day up to the as-of one, of what the bundle's ledger holds of it. */
export type Conditions = (dataset: BundledDataset, judged: ReadonlyMap<Dt, JudgedDay>) => Promise<DayCondition[]>

const COUNTS = ['expected', 'present', 'short', 'amber', 'held', 'absent', 'pending', 'missing', 'provisional'] as const

const COLUMNS = {
  dataset: 'VARCHAR',
  dt: 'DATE',
  condition: 'VARCHAR',
  ...Object.fromEntries(COUNTS.map((name) => [name, 'INTEGER'])),
  final_at: 'BIGINT',
  last_changed: 'BIGINT',
}

/** Writes the table; the bundle's ledger is staged already. */
export async function stageConditions(
  lake: Lake,
  staging: string,
  datasets: readonly BundledDataset[],
  conditions: Conditions,
): Promise<BundleFile> {
  const rows: CellValue[][] = []
  for (const dataset of datasets) {
    for (const day of await conditions(dataset, await judgedDays(lake, staging, dataset))) {
      rows.push([dataset.name, day.dt, day.condition, ...COUNTS.map((name) => day[name]), day.finalAt, day.lastChanged])
    }
  }
  const instant = (name: string): string => `make_timestamptz(${name} * 1000) AS ${name}`
  return withTable(lake.duck, 'conditions', COLUMNS, rows, (table) =>
    stageTable(
      lake,
      staging,
      CONDITION_PATH,
      `SELECT * REPLACE (${instant('final_at')}, ${instant('last_changed')}) FROM ${table} ORDER BY dataset, dt`,
    ),
  )
}

async function judgedDays(lake: Lake, staging: string, { name }: BundledDataset): Promise<Map<Dt, JudgedDay>> {
  const days = await lake.duck.all<{ dt: Dt } & JudgedDay & Record<string, unknown>>(
    `SELECT dt, count(*) FILTER (WHERE "rows" > 0) AS present, count(*) FILTER (WHERE "rows" > 0 AND status = 'RED') AS held,
       count(*) FILTER (WHERE "rows" > 0 AND status = 'AMBER') AS amber, count(*) FILTER (WHERE provisional) AS provisional,
       count(*) FILTER (WHERE "rows" = 0) AS empty
     FROM ${readParquet(join(staging, LEDGER_PATH))} WHERE dataset = ${sqlText(name)} GROUP BY dt`,
  )
  return new Map(days.map(({ dt, ...day }) => [dt, day]))
}
