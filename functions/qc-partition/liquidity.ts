/** Learns each symbol's own liquidity from the newest curated days, for everybody who has to know it before QC does. */
import { type Habit, recordHabits } from '../../db/liquidity/liquidity.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { specOf } from '../_dispatch/desk.ts'
import { curatedFile } from '../_lake/paths.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import type { Node } from '../_runtime/node.ts'
import { recentHabitSql } from './baseline.ts'
import { withSessionDays } from './session-days.ts'

/** `days` are the newest partitions with rows, one day each. */
export async function learnLiquidity(node: Node, dataset: DatasetName, days: readonly Dt[]): Promise<void> {
  const spec = specOf(node.config, dataset)
  const through = days.at(-1)
  if (through === undefined) return
  const calendar = calendarOf(spec.calendar)
  const sessions = days.flatMap((dt) => calendar.session(dt) ?? [])
  const files = days.map((dt) => curatedFile(node.lake.root, dataset, spec.partition, dt))
  const habits = await withSessionDays(node.lake.duck, sessions, (table) =>
    node.lake.duck.all<Record<string, unknown> & Omit<Habit, 'through'>>(recentHabitSql(files, table)),
  )
  await recordHabits(
    node.db,
    dataset,
    habits.map(({ symbol, share, days }) => ({ symbol, share: Math.min(1, share), days: Number(days), through })),
  )
}
