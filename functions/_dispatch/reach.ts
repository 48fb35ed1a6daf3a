/** Which days a vendor's plan reaches now: its history behind, its recency wall ahead. */
import type { DatasetConfig, History, Recency, VendorDatasetConfig } from '../../config/schema.ts'
import { calendarOf, type TradingCalendar } from '../_calendar/calendar.ts'
import { instantOf, newYorkDt } from '../_calendar/zone.ts'
import { addDays, type Dt, maxDt } from '../_market/dt.ts'

/** The first day of a vendor's history as of an instant. */
export function firstDt(history: History, now: number): Dt {
  if ('from' in history) return history.from
  const today = newYorkDt(now)
  const months = Math.round(history.rolling_years * 12)
  const month = Number(today.slice(0, 4)) * 12 + Number(today.slice(5, 7)) - 1 - months
  const first = `${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}-${today.slice(8, 10)}`
  return addDays(first, 0) // 29 February rolls over to 1 March
}

/** When a vendor first has the cells of a day, epoch ms. */
export function availableAt(recency: Recency, calendar: TradingCalendar, dt: Dt): number {
  if ('days' in recency) return instantOf(addDays(dt, recency.days), recency.at)
  return instantOf(recency.sessions === 0 ? dt : calendar.next(dt, recency.sessions), recency.at)
}

export interface Reach {
  fromDt: Dt
  toDt: Dt
}

/** The days a vendor can serve now, both inclusive. */
export function reachOf(terms: VendorDatasetConfig, spec: DatasetConfig, now: number): Reach {
  const calendar = calendarOf(spec.calendar)
  let toDt = newYorkDt(now)
  while (availableAt(terms.recency, calendar, toDt) > now) toDt = addDays(toDt, -1)
  return { fromDt: maxDt(firstDt(terms.history, now), calendar.first), toDt }
}

/** Whether a vendor's plan covers a day: now, later (with the instant), or not at all. */
export type Serves = { can: 'now' } | { can: 'later'; at: number } | { can: 'never' }

export function serves(terms: VendorDatasetConfig, spec: DatasetConfig, dt: Dt, now: number): Serves {
  if (dt < firstDt(terms.history, now)) return { can: 'never' }
  const at = availableAt(terms.recency, calendarOf(spec.calendar), dt)
  return at <= now ? { can: 'now' } : { can: 'later', at }
}
