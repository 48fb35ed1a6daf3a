/** In which zone the stamps of a minute file are that carry none: as somebody said, or as only one zone can be meant. Guesses nothing. */
import type { DatasetConfig } from '../../config/schema.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import type { Session } from '../_calendar/session.ts'
import { instantOf, ZONES, type Zone } from '../_calendar/zone.ts'
import { type Dt, dayNumber } from '../_market/dt.ts'
import type { ColumnMapping } from './column-mapping.ts'
import type { Duck } from './duck.ts'
import { readParquet } from './parquet-sql.ts'
import type { RowPlace } from './row-place.ts'

/** The first and the last stamp of a file as written, in milliseconds of its own wall clock. */
export interface Span {
  first: number
  last: number
}

export type StampZone = { zone: Zone } | { zone: null; doubt: string }

const MINUTE = 60_000
const DAY = 86_400_000
const OTHER: Record<Zone, Zone> = { UTC: 'America/New_York', 'America/New_York': 'UTC' }

/** The zones of files of one spelling, by file; `told` is what somebody said of each. Daily stamps and those with a zone are never in doubt. */
export async function stampZones(
  duck: Duck,
  spec: DatasetConfig,
  mapping: ColumnMapping,
  places: readonly RowPlace[],
  told: (place: RowPlace) => Zone | null,
): Promise<Map<string, StampZone>> {
  const isDoubtful = mapping.zoneless !== null && spec.timeframe === 'minute' && places.length > 0
  const spans = isDoubtful ? await spansOf(duck, mapping.zoneless as string, places) : new Map<string, Span>()
  return new Map(
    places.map((place) => {
      const span = spans.get(place.file)
      const zone = told(place)
      if (span === undefined) return [place.file, { zone: zone ?? 'UTC' }]
      return [place.file, zoneOf(span, place.dt, sessionOf(spec, place.dt), zone)]
    }),
  )
}

async function spansOf(duck: Duck, zoneless: string, places: readonly RowPlace[]): Promise<Map<string, Span>> {
  const found = await duck.all<{ filename: string; first: number | null; last: number | null }>(
    `SELECT r.filename, min(${zoneless}) AS first, max(${zoneless}) AS last
     FROM ${readParquet(
       places.map(({ file }) => file),
       { filename: true },
     )} r GROUP BY r.filename`,
  )
  const spans = new Map<string, Span>()
  for (const { filename, first, last } of found) {
    if (first !== null && last !== null) spans.set(filename, { first, last })
  }
  return spans
}

function sessionOf({ calendar: name }: DatasetConfig, dt: Dt): Session | undefined {
  const calendar = calendarOf(name)
  return dt >= calendar.first && dt <= calendar.last ? calendar.session(dt) : undefined
}

/**
 * The zone of a file's stamps. What somebody said holds, unless the stamps fit the other zone only. Unsaid they are UTC where they cannot be New York
 * wall clock: some lie outside 04:00 to 20:00 of the day, or they run from the very open to the very close of the session in UTC. Everything else is a
 * doubt, in words: a file of few bars may be either, and one that is read four or five hours early looks right.
 */
export function zoneOf(span: Span, dt: Dt, session: Session | undefined, told: Zone | null): StampZone {
  const fits = (zone: Zone): boolean => fitsHours(span, dt, zone)
  const spans = (zone: Zone): boolean => session !== undefined && isWholeSession(span, session, zone)
  if (told !== null) {
    const other = OTHER[told]
    const isOther = (fits(other) && !fits(told)) || (spans(other) && !spans(told))
    return isOther ? { zone: null, doubt: contradicted(span, dt, told) } : { zone: told }
  }
  const isUtc = fits('UTC') && (!fits('America/New_York') || (spans('UTC') && !spans('America/New_York')))
  return isUtc ? { zone: 'UTC' } : { zone: null, doubt: unsaid(span, dt) }
}

/** How far the wall clock of a zone is ahead of UTC on a session's day, from 04:00 to 20:00 New York. */
const aheadOf = (zone: Zone, dt: Dt): number => (zone === 'UTC' ? 0 : dayNumber(dt) * DAY - instantOf(dt, '00:00'))

/** Do all stamps lie in the hours that trading has, before the open and after the close included? A stamp may be the end of its bar. */
function fitsHours({ first, last }: Span, dt: Dt, zone: Zone): boolean {
  const ahead = aheadOf(zone, dt)
  return first >= instantOf(dt, '04:00') + ahead && last <= instantOf(dt, '20:00') + ahead
}

/** Begin the stamps with the first minute of the session, and do they end with its last? */
function isWholeSession({ first, last }: Span, { dt, open, close }: Session, zone: Zone): boolean {
  const ahead = aheadOf(zone, dt)
  const isIn = (stamp: number, minute: number): boolean => stamp >= minute && stamp < minute + MINUTE
  return isIn(first, open + ahead) && isIn(last, close - MINUTE + ahead)
}

const option = (zone: Zone): string => `"zone": "${zone}"`

function unsaid(span: Span, dt: Dt): string {
  const ahead = aheadOf('America/New_York', dt)
  const inUtc = `were they UTC, it was ${clock(span.first + ahead, dt)} to ${clock(span.last + ahead, dt)} in New York`
  return `its stamps carry no zone and run from ${clock(span.first, dt)} to ${clock(span.last, dt)}; ${inUtc}: call adopt again and say which zone they are, ${ZONES.map(option).join(' or ')}`
}

const contradicted = (span: Span, dt: Dt, told: Zone): string =>
  `its stamps run from ${clock(span.first, dt)} to ${clock(span.last, dt)}, which are trading hours in ${OTHER[told]} and not in ${told}: adopt it with ${option(OTHER[told])}`

/** `09:30`, with the date where it is another than the path's. */
function clock(stamp: number, dt: Dt): string {
  const date = new Date(stamp)
  if (Number.isNaN(date.getTime())) return String(stamp)
  const text = date.toISOString()
  return text.startsWith(dt) ? text.slice(11, 16) : text.slice(0, 16).replace('T', ' ')
}
