/** Learns each symbol's own liquidity from the newest curated days, for everybody who has to know it before QC does. */
import { type Baseline, recordBaselines } from '../../db/liquidity/liquidity.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { specOf } from '../_catalog/catalog.ts'
import type { Node } from '../_http/node.ts'
import { curatedFile } from '../_lake/paths.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { recentBaselineSql } from './baseline.ts'
import { withSessionDays } from './session-days.ts'

/** `days` are the newest partitions with rows, one day each. */
export async function learnLiquidity(node: Node, dataset: DatasetName, days: readonly Dt[]): Promise<void> {
  const spec = specOf(node.config, dataset)
  const through = days.at(-1)
  if (through === undefined) return
  const calendar = calendarOf(spec.calendar)
  const sessions = days.flatMap((dt) => calendar.session(dt) ?? [])
  const files = days.map((dt) => curatedFile(node.lake.root, dataset, spec.partition, dt))
  const baselines = await withSessionDays(node.lake.duck, sessions, (table) =>
    node.lake.duck.all<Record<string, unknown> & Omit<Baseline, 'through'>>(recentBaselineSql(files, table)),
  )
  await recordBaselines(
    node.db,
    dataset,
    baselines.map(({ symbol, share, days }) => ({ symbol, share: Math.min(1, share), days: Number(days), through })),
  )
}
