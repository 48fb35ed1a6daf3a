/** Cells of partitions that nobody has judged yet, and of which the database knows why they are not there. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { Db } from '../../db/client.ts'
import { tallySlices } from '../../db/coverage/tally-slices.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import type { SymbolRange } from '../_expected/expected.ts'
import { inBatches, slicesOf, talliedRange } from '../_forecast/coverage-slices.ts'
import type { DatasetName } from '../_market/cell.ts'
import { type Dt, minDt } from '../_market/dt.ts'
import { partitionDays } from '../_market/partition.ts'

export interface Unjudged {
  name: DatasetName
  spec: DatasetConfig
  ranges: readonly SymbolRange[]
  partitions: readonly string[]
}

/** How many there are up to `asof`. Reads masks only, some symbols at a time. */
export async function explainedCells(db: Db, { name, spec, ranges, partitions }: Unjudged, asof: Dt): Promise<number> {
  const calendar = calendarOf(spec.calendar)
  const columns = partitions.map((partition) => {
    const { fromDt, toDt } = partitionDays(partition)
    return { sessions: calendar.sessions(fromDt, minDt(toDt, asof)) }
  })
  const slices = slicesOf(columns)
  const tallied = ranges.map((range) => talliedRange(range, 0))
  let cells = 0
  for await (const batch of inBatches(tallied, slices.length)) {
    for (const { absent } of await tallySlices(db, name, batch, slices)) cells += absent
  }
  return cells
}
