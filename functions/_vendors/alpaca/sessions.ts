/** Alpaca's list of sessions (GET /v2/calendar, trading host): open days only, half days included, in New York wall time. */
import { z } from 'zod'
import { instantOf } from '../../_calendar/zone.ts'
import { type Dt, DtText } from '../../_market/dt.ts'
import { readJson } from '../read-json.ts'
import { tryGet } from '../try-get.ts'
import { type Get, VendorError, type VendorSession } from '../vendor.ts'
import { VENDOR } from './parse.ts'

const PATH = '/v2/calendar'
const Clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'expected a time of day as HH:MM' })
const CalendarDays = z.array(z.object({ date: DtText, open: Clock, close: Clock }))

/**
 * The sessions with from <= dt <= to as the vendor states them, in its order; one call. A VendorError as a value where it failed: a
 * list with one unreadable, impossible or unasked day is `malformed` as a whole, because what it says about other days is no
 * better. `from` and `to` lie between 1955 and 2040.
 */
export async function askSessions(from: Dt, to: Dt, get: Get): Promise<VendorSession[] | VendorError> {
  const answer = await tryGet(get, { path: PATH, host: 'trading', query: { start: from, end: to } })
  if (answer instanceof VendorError) return answer
  const days = readJson(answer, CalendarDays, VENDOR)
  if (days instanceof VendorError) return days
  const sessions: VendorSession[] = []
  for (const { date: dt, open, close } of days) {
    if (dt < from || dt > to || open >= close) {
      const what = `expected sessions between ${from} and ${to}, got ${dt} ${open} to ${close}`
      return new VendorError(VENDOR, 'malformed', `GET ${PATH} at ${VENDOR}: ${what}`, { status: answer.status })
    }
    sessions.push({ dt, open: instantOf(dt, open), close: instantOf(dt, close) })
  }
  return sessions
}
