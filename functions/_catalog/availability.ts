/** Availability: the days for which a vendor's plan has data now, from its history wall to its recency wall. */
import type { DatasetConfig, History, Recency, VendorDatasetConfig } from '../../config/schema.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import type { TradingCalendar } from '../_calendar/session.ts'
import { instantOf, newYorkDt } from '../_calendar/zone.ts'
import { addDays, type Dt, maxDt, yearsBefore } from '../_market/dt.ts'

/** The first day of a vendor's history as of an instant. */
export const historyStart = (history: History, now: number): Dt =>
  'from' in history ? history.from : yearsBefore(newYorkDt(now), history.rolling_years)

/** When a vendor first has the cells of a day, epoch ms; Number.MAX_SAFE_INTEGER where that session lies beyond the calendar. */
export function availableAt(recency: Recency, calendar: TradingCalendar, dt: Dt): number {
  if ('days' in recency) return instantOf(addDays(dt, recency.days), recency.at)
  const session = recency.sessions === 0 ? dt : calendar.away(dt, recency.sessions)
  return session === null ? Number.MAX_SAFE_INTEGER : instantOf(session, recency.at)
}

export interface AvailableRange {
  fromDt: Dt
  toDt: Dt
}

/** The days a vendor can serve now, both inclusive. */
export function availableRange(terms: VendorDatasetConfig, spec: DatasetConfig, now: number): AvailableRange {
  const calendar = calendarOf(spec.calendar)
  let toDt = newYorkDt(now)
  while (toDt >= calendar.first && availableAt(terms.recency, calendar, toDt) > now) toDt = addDays(toDt, -1)
  return { fromDt: maxDt(historyStart(terms.history, now), calendar.first), toDt }
}

/** Whether a vendor's plan covers a day: now, later (with the instant), or not at all. */
export type Availability = { can: 'now' } | { can: 'later'; at: number } | { can: 'never' }

export function availabilityOf(terms: VendorDatasetConfig, spec: DatasetConfig, dt: Dt, now: number): Availability {
  if (dt < historyStart(terms.history, now)) return { can: 'never' }
  const at = availableAt(terms.recency, calendarOf(spec.calendar), dt)
  if (at <= now) return { can: 'now' }
  return at === Number.MAX_SAFE_INTEGER ? { can: 'never' } : { can: 'later', at }
}

/** When a day can first be had from any of the vendors, epoch ms: at once, later, or Number.MAX_SAFE_INTEGER for never. Days are remembered. */
export function availableFrom(
  vendors: readonly { terms: VendorDatasetConfig }[],
  spec: DatasetConfig,
  now: number,
): (dt: Dt) => number {
  const known = new Map<Dt, number>()
  const earliest = (dt: Dt): number =>
    Math.min(
      ...vendors.map(({ terms }) => {
        const served = availabilityOf(terms, spec, dt, now)
        return served.can === 'now' ? now : served.can === 'later' ? served.at : Number.MAX_SAFE_INTEGER
      }),
    )
  return (dt) => {
    const at = known.get(dt) ?? earliest(dt)
    known.set(dt, at)
    return at
  }
}
