/** Compares our calendar with the vendors'. A difference never changes ours: the audit stores, logs and shows it for a person to settle. */
import {
  type CalendarCheck,
  type CalendarQuestion,
  listCalendarChecks,
  recordCalendarFailure,
  recordComparison,
} from '../../db/calendar-checks/calendar-checks.ts'
import type { CalendarDifference } from '../../db/calendar-checks/table.ts'
import { listCircuits } from '../../db/circuits/circuits.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import type { Session, TradingCalendar } from '../_calendar/session.ts'
import { accountOf } from '../_catalog/account-limits.ts'
import type { DispatchContext, VendorConnection } from '../_catalog/context.ts'
import { addDays, type Dt, maxDt, minDt } from '../_market/dt.ts'
import { VendorError, type VendorSession } from '../_vendors/vendor.ts'

const DAYS_BACK = 400
/** Far enough that next year's holidays are compared before they come. */
const DAYS_AHEAD = 370
const MOST_LISTED = 50
const LOGGED = 3
const ERROR_LENGTH = 300

/** What a check needs of the dispatch context. */
export type CalendarContext = Pick<DispatchContext, 'db' | 'vendors' | 'now' | 'log'>

/**
 * Asks each vendor that has a calendar for it, once an as-of day, and compares. A call that fails is tried again by the next audit, and so
 * is one the budget has no room for. Nothing a vendor does makes this throw.
 */
export async function checkCalendars(context: CalendarContext, asof: Dt): Promise<void> {
  const vendors = context.vendors.filter(isUsable)
  if (vendors.length === 0) return
  const checks = new Map((await listCalendarChecks(context.db)).map((row) => [row.vendor, row]))
  const blocked = new Map((await listCircuits(context.db)).map((row) => [row.vendor, row.blockedUntil]))
  for (const connection of vendors) {
    if (isAnswered(checks.get(connection.name), asof, context.now())) continue
    if ((blocked.get(connection.name) ?? 0) > context.now()) continue
    await checkCalendar(context, connection, asof)
  }
}

/** A vendor on another vendor's account is left out: it would ask for the same calendar with the same keys. */
const isUsable = (connection: VendorConnection): boolean =>
  connection.connector.sessions !== undefined &&
  connection.missing.length === 0 &&
  connection.config.calls_per_minute > 0 &&
  accountOf(connection) === connection.name

/** A later evening's comparison covers an earlier one; one of a clock that ran ahead proves nothing. */
const isAnswered = (check: CalendarCheck | undefined, asof: Dt, now: number): boolean =>
  check !== undefined && check.error === null && check.asof >= asof && check.checkedAt <= now

async function checkCalendar(context: CalendarContext, connection: VendorConnection, asof: Dt): Promise<void> {
  const ours = calendarOf('xnys')
  const vendor = connection.name
  const fromDt = maxDt(addDays(asof, -DAYS_BACK), ours.first)
  const toDt = minDt(addDays(asof, DAYS_AHEAD), ours.last)
  const question: CalendarQuestion = { vendor, asof, fromDt, toDt }
  const theirs = await askSessions(connection, question)
  if (theirs instanceof Error) return await noteFailure(context, question, theirs)
  // Vendors list a few years ahead at the most: days after their last one are not closed, they are unknown. What is missing there
  // comes into the middle of the range as the days go by.
  const reached = minDt(toDt, lastDt(theirs))
  const { sessions, differences } = compareCalendars(ours, theirs, fromDt, reached)
  const differing = differences.length
  const listed = differences.slice(0, MOST_LISTED)
  await recordComparison(
    context.db,
    { ...question, toDt: reached, sessions, differing, differences: listed },
    context.now(),
  )
  if (differing === 0) return
  context.log('audit.calendar_differs', {
    vendor,
    asof,
    fromDt,
    toDt: reached,
    differing,
    first: listed.slice(0, LOGGED),
  })
}

/** The vendor's sessions, or why there are none to compare. A list that ends before the as-of day is cut off, or no calendar at all. */
async function askSessions(
  connection: VendorConnection,
  { asof, fromDt, toDt }: CalendarQuestion,
): Promise<VendorSession[] | Error> {
  try {
    const theirs = (await connection.connector.sessions?.(fromDt, toDt, connection.get('today'))) ?? []
    if (theirs instanceof VendorError || lastDt(theirs) >= asof) return theirs
    const end = theirs.length === 0 ? 'is empty' : `ends with ${lastDt(theirs)}`
    return new VendorError(
      connection.name,
      'malformed',
      `the calendar of ${connection.name} ${end}; expected it to reach ${asof}`,
    )
  } catch (error) {
    // The audit has done its work by now: a fault of the connector must not make the night think otherwise.
    return error instanceof Error ? error : new Error(String(error))
  }
}

async function noteFailure(context: CalendarContext, question: CalendarQuestion, error: Error): Promise<void> {
  const isOurBudget = error instanceof VendorError && error.fault === 'rate_limited' && error.status === null
  if (isOurBudget) return
  const why = error.message.slice(0, ERROR_LENGTH)
  await recordCalendarFailure(context.db, question, why, context.now())
  context.log('audit.calendar_check_failed', { vendor: question.vendor, asof: question.asof, why })
}

const lastDt = (sessions: readonly VendorSession[]): Dt => sessions.reduce((last, { dt }) => maxDt(last, dt), '')

/** The days with from <= dt <= to on which two calendars disagree, ascending, and how many sessions theirs has among them. */
function compareCalendars(
  ours: TradingCalendar,
  theirs: readonly VendorSession[],
  from: Dt,
  to: Dt,
): { sessions: number; differences: CalendarDifference[] } {
  const listed = new Map<Dt, VendorSession>()
  for (const session of theirs) {
    if (session.dt < from || session.dt > to) continue
    const known = listed.get(session.dt)
    // Of a day listed twice, the version that contradicts ours is the one to be seen.
    if (known === undefined || isSame(known, ours.session(session.dt))) listed.set(session.dt, session)
  }
  const differences = [...new Set([...ours.sessions(from, to), ...listed.keys()])]
    .sort()
    .filter((dt) => !isSame(listed.get(dt), ours.session(dt)))
    .map((dt) => ({ dt, ours: hoursOf(ours.session(dt)), theirs: hoursOf(listed.get(dt)) }))
  return { sessions: listed.size, differences }
}

type Hours = Pick<Session, 'open' | 'close'> | undefined

const isSame = (a: Hours, b: Hours): boolean => a?.open === b?.open && a?.close === b?.close

const hoursOf = (session: Hours): [number, number] | null =>
  session === undefined ? null : [session.open, session.close]
