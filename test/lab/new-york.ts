/** The lab's view of New York days: their first and last millisecond, and when their bars are complete. */
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import type { Session } from '../../functions/_calendar/session.ts'
import { instantOf, newYorkMinute, newYorkDt as zonedDt } from '../../functions/_calendar/zone.ts'
import { addDays, type Dt, dayNumber, dtOfDay } from '../../functions/_market/dt.ts'

/** The days the zone is asked about; anything outside is nowhere near a market, and winter time does for it. */
const ZONED_FROM = '1960-01-01'
const ZONED_TO = '2039-12-31'
const ZONED_FROM_MS = Date.UTC(1960, 0, 2)
const ZONED_TO_MS = Date.UTC(2039, 11, 31)
const HOUR = 3_600_000

/** The New York date of an instant. Never throws: a client may ask for any year, and a faulty source may hold any stamp. */
export function newYorkDt(instant: number): Dt {
  if (instant >= ZONED_FROM_MS && instant < ZONED_TO_MS) return zonedDt(instant)
  return dtOfDay(Math.floor((instant - 5 * HOUR) / (24 * HOUR)))
}

// Days between 1960 and 2039 that were asked for: some 30,000 entries at the most.
const midnights = new Map<Dt, number>()

/** The first millisecond of a New York day. */
export function midnightOf(dt: Dt): number {
  let ms = midnights.get(dt)
  if (ms === undefined) {
    ms = dt >= ZONED_FROM && dt <= ZONED_TO ? instantOf(dt, '00:00') : (dayNumber(dt) * 24 + 5) * HOUR
    if (dt >= ZONED_FROM && dt <= ZONED_TO) midnights.set(dt, ms)
  }
  return ms
}

/** The last millisecond of a New York day. */
export const endOfDay = (dt: Dt): number => midnightOf(addDays(dt, 1)) - 1

/** The session of a day; undefined on closed days and on days the calendar does not vouch for. */
export function sessionOf(dt: Dt): Session | undefined {
  const xnys = calendarOf('xnys')
  return dt >= xnys.first && dt <= xnys.last ? xnys.session(dt) : undefined
}

/** When trading of a day ended: the close of its session, else 16:00 New York (a faulty source may hold rows on any day). */
export const closeOf = (dt: Dt): number => sessionOf(dt)?.close ?? midnightOf(dt) + 16 * HOUR

/** A day of the lab's clock, some years earlier; 29 February becomes 1 March. */
export function yearsBefore(dt: Dt, years: number): Dt {
  return addDays(`${Number(dt.slice(0, 4)) - years}${dt.slice(4, 8)}01`, Number(dt.slice(8)) - 1)
}

/** A stamp with the offset of New York, as vendors print it. */
export function wallStamp(instant: number): string {
  const wall = Date.parse(`${newYorkDt(instant)}T00:00:00Z`) + newYorkMinute(instant) * 60_000
  const hours = Math.round((instant - wall) / HOUR)
  const text = new Date(instant - hours * HOUR).toISOString().replace('.000Z', '').replace('Z', '')
  return `${text}-${String(hours).padStart(2, '0')}:00`
}
