/** The ranges of days into which a dataset's backlog is divided: recent sessions apart from older ones, and days apart that other vendors can serve. */
import type { DatasetConfig } from '../../config/schema.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { historyStart } from '../_catalog/availability.ts'
import { sourcesFor } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import type { DatasetName } from '../_market/cell.ts'
import { addDays, type Dt, maxDt, minDt, monthOf } from '../_market/dt.ts'

/** Days, both inclusive, of which each range has a share of the queue of its own. */
export interface BacklogRange {
  fromDt: Dt
  toDt: Dt
  isRecent: boolean
}

/**
 * In the order in which they are queued: the months of the newest sessions, so that a first night ends with data that a model can train on, however
 * long the history is; then the others, oldest first. Where the newest days come first anyway, recent sessions are no range of their own. Days
 * before every vendor's history belong to none.
 */
export function backlogRanges(
  context: Pick<DispatchContext, 'vendors' | 'now'>,
  dataset: DatasetName,
  spec: DatasetConfig,
  asof: Dt,
): BacklogRange[] {
  const histories = sourcesFor(context, dataset).map(({ terms }) => historyStart(terms.history, context.now()))
  const starts = [...new Set(histories)].filter((dt) => dt <= asof).sort()
  const isNewestFirst = spec.backfill.order === 'newest-first'
  const recent = isNewestFirst ? null : recentFrom(spec, asof)
  const older = starts
    .map((fromDt, at) => ({ fromDt, toDt: lastBefore(starts[at + 1], recent, asof), isRecent: false }))
    .filter(({ fromDt, toDt }) => fromDt <= toDt)
  if (isNewestFirst) return older.reverse()
  const first = starts[0]
  if (recent === null || first === undefined) return older
  return [{ fromDt: maxDt(recent, first), toDt: asof, isRecent: true }, ...older]
}

/** The first day of the month in which the newest sessions begin; null where none are told apart. */
function recentFrom(spec: DatasetConfig, asof: Dt): Dt | null {
  const { recent_sessions } = spec.backfill
  if (recent_sessions === 0) return null
  const calendar = calendarOf(spec.calendar)
  const oldest = calendar.away(asof, 1 - recent_sessions) ?? calendar.first
  return `${monthOf(oldest)}-01`
}

function lastBefore(next: Dt | undefined, recent: Dt | null, asof: Dt): Dt {
  const ends = [next, recent ?? undefined].filter((dt) => dt !== undefined).map((dt) => addDays(dt, -1))
  return ends.reduce(minDt, asof)
}
