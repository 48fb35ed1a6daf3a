/** Walks a source's bars in the order a vendor serves them, day by day, and can start again behind any bar. */
import { maxDt, minDt } from '../../functions/_market/dt.ts'
import { closeOf, endOfDay, midnightOf, newYorkDt, sessionOf } from './new-york.ts'
import type { BarSource, LabBar } from './source.ts'

export type Timeframe = 'day' | 'minute'

export interface Span {
  timeframe: Timeframe
  /** Both inclusive, epoch ms, compared with the bars' stamps. */
  from: number
  to: number
  order: 'asc' | 'desc'
  /** Nothing later exists yet: minutes must be over, and the running day's bar holds only what traded so far. */
  now: number
}

/**
 * A place in one symbol's bars. `index` (within the day for minutes, within the span for daily bars) is set only where the
 * stamp alone would not find the place again: a source that plays a faulty vendor may repeat or disorder its stamps.
 */
export interface Place {
  ts: number
  index?: number
}

/** The bars of a span, strictly behind `after`, each with the place that finds it again. */
export function* walk(source: BarSource, symbol: string, span: Span, after?: Place): Generator<[LabBar, Place]> {
  for (const rows of chunks(source, symbol, span, after)) {
    const ascending = rows.every((bar, i) => i === 0 || (rows[i - 1] as LabBar).ts < bar.ts)
    const step = span.order === 'asc' ? 1 : -1
    let i = step === 1 ? 0 : rows.length - 1
    if (after?.index !== undefined && rows[after.index]?.ts === after.ts) i = after.index + step
    else if (after) while (rows[i] && (rows[i] as LabBar).ts * step <= after.ts * step) i += step
    for (let bar = rows[i]; bar; i += step, bar = rows[i]) {
      yield [bar, ascending ? { ts: bar.ts } : { ts: bar.ts, index: i }]
    }
    // A place lies in the first chunk that is walked; those behind it are walked from their start.
    after = undefined
  }
}

/** Runs of rows in the source's own order: all daily bars at once, minutes by the New York day. */
function* chunks(source: BarSource, symbol: string, span: Span, after?: Place): Generator<LabBar[]> {
  const { timeframe, from, now, order } = span
  const to = Math.min(span.to, now)
  if (to < from) return
  const fromDt = newYorkDt(from)
  const toDt = newYorkDt(to)
  if (timeframe === 'day') {
    const rows = source.daily(symbol, fromDt, toDt)
    yield rows
      .filter((bar) => bar.ts >= from && bar.ts <= to)
      .flatMap((bar) => (closeOf(bar.dt) <= now ? [bar] : soFar(source, symbol, bar, now)))
    return
  }
  const resumed = after && newYorkDt(after.ts)
  const days = source.minuteDays(
    symbol,
    resumed && order === 'asc' ? maxDt(fromDt, resumed) : fromDt,
    resumed && order === 'desc' ? minDt(toDt, resumed) : toDt,
  )
  if (order === 'desc') days.reverse()
  for (const dt of days) {
    // A minute is complete when it is over.
    const rows = source.minute(symbol, Math.max(from, midnightOf(dt)), Math.min(to, endOfDay(dt), now - 60_000))
    if (rows.length > 0) yield rows
  }
}

/** The daily bar of a day that still trades, as it stands: it grows with every minute until the close. */
function soFar(source: BarSource, symbol: string, whole: LabBar, now: number): LabBar[] {
  const open = sessionOf(whole.dt)?.open
  const minutes = open === undefined ? [] : source.minute(symbol, open, now - 60_000)
  const [first, ...rest] = minutes
  if (!first) return []
  const day = { ...first, ts: whole.ts, dt: whole.dt }
  for (const { h, l, c, v, n } of rest) {
    day.h = Math.max(day.h ?? 0, h ?? 0)
    day.l = Math.min(day.l ?? Number.POSITIVE_INFINITY, l ?? Number.POSITIVE_INFINITY)
    day.c = c
    day.v = (day.v ?? 0) + (v ?? 0)
    if (n != null) day.n = (day.n ?? 0) + n
  }
  return [day]
}
