import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { instantOf, ZONES, type Zone } from '../../functions/_calendar/zone.ts'
import { zoneOf } from '../../functions/_lake/stamp-zone.ts'
import { dayNumber } from '../../functions/_market/dt.ts'

const XNYS = calendarOf('xnys')
const [SUMMER, WINTER] = ['2013-10-11', '2013-12-11']
/** A wall clock as milliseconds of its own. */
const wall = (dt: string, time: string): number => Date.parse(`${dt}T${time}:00Z`)
const zone = (dt: string, first: string, last: string, told: Zone | null = null): string => {
  const found = zoneOf({ first: wall(dt, first), last: wall(dt, last) }, dt, XNYS.session(dt), told)
  return found.zone ?? found.doubt
}

describe('stamp zone: stamps without a zone', () => {
  test.each([
    ['the session of New York', SUMMER, '09:30', '15:59'],
    ['the session of New York', WINTER, '09:30', '15:59'],
    ['the session of New York, each at the end of its bar', WINTER, '09:31', '16:00'],
    ['all hours of New York', SUMMER, '04:00', '19:59'],
    ['all hours of New York', WINTER, '04:00', '19:59'],
    ['some of the session in either zone', SUMMER, '14:02', '15:31'],
    ['an afternoon of New York, or a day of UTC but for its first minute', SUMMER, '13:31', '19:59'],
    ['the hours before noon', WINTER, '10:00', '11:59'],
    ['the night', WINTER, '00:10', '03:40'],
  ])('are refused where they are or may be New York: %s', (_kind, dt, first, last) => {
    const said = zone(dt, first, last)
    expect(said).toContain(`run from ${first} to ${last}`)
    expect(said).toContain(
      'in New York: call adopt again and say which zone they are, "zone": "America/New_York" or "zone": "UTC"',
    )
  })

  test.each([
    ['the session in summer', SUMMER, '13:30', '19:59'],
    ['the session in winter', WINTER, '14:30', '20:59'],
    ['half a day', '2013-11-29', '14:30', '17:59'],
    ['half a day in summer', '2024-07-03', '13:30', '16:59'],
    ['the last hours', SUMMER, '18:10', '21:00'],
    ['all hours of summer', SUMMER, '08:00', '23:59'],
    ['few bars, one of them too late for New York', WINTER, '15:20', '20:10'],
  ])('are UTC where they cannot be New York: %s', (_kind, dt, first, last) => {
    expect(zone(dt, first, last)).toBe('UTC')
  })

  test('are what somebody says, unless trading hours fit the other zone alone', () => {
    for (const told of ZONES) expect(zone(SUMMER, '14:02', '15:31', told)).toBe(told)
    expect(zone(SUMMER, '09:30', '15:59', 'America/New_York')).toBe('America/New_York')
    expect(zone(SUMMER, '09:30', '15:59', 'UTC')).toMatch(/trading hours in America\/New_York and not in UTC/)
    expect(zone(SUMMER, '13:30', '19:59', 'America/New_York')).toMatch(/trading hours in UTC and not in America/)
    expect(zone(WINTER, '15:20', '20:10', 'America/New_York')).toContain('adopt it with "zone": "UTC"')
  })

  test('of another day are told with their date, and those beyond any year too', () => {
    const other = { first: wall('2013-10-12', '09:30'), last: wall('2013-10-12', '15:59') }
    expect(zoneOf(other, SUMMER, XNYS.session(SUMMER), null)).toMatchObject({
      zone: null,
      doubt: expect.stringContaining('from 2013-10-12 09:30 to 2013-10-12 15:59'),
    })
    const never = { first: -9.3e15, last: 9.3e15 }
    expect(zoneOf(never, SUMMER, XNYS.session(SUMMER), null)).toMatchObject({ zone: null })
  })

  test('of New York trading hours are never taken for UTC, and UTC ones never for New York, but for a day that fills the other session', () => {
    const sessions = XNYS.sessions('1995-01-03', '2024-12-31')
    const minutes = fc.integer({ min: 4 * 60, max: 20 * 60 - 1 })
    fc.assert(
      fc.property(fc.constantFrom(...sessions), fc.constantFrom(...ZONES), minutes, minutes, (dt, meant, a, b) => {
        const session = XNYS.session(dt)
        const start = instantOf(dt, '00:00')
        const ahead = meant === 'UTC' ? 0 : dayNumber(dt) * 86_400_000 - start
        const [first, last] = [Math.min(a, b), Math.max(a, b)].map((minute) => start + minute * 60_000 + ahead)
        const span = { first: first!, last: last! }
        const unsaid = zoneOf(span, dt, session, null).zone
        const isFull = first === session!.open && last === session!.close - 60_000
        if (meant === 'America/New_York' && !isFull) expect(unsaid).toBeNull()
        if (meant === 'UTC') expect([null, 'UTC']).toContain(unsaid)
        // What is true may always be said.
        const other = meant === 'UTC' ? 'America/New_York' : 'UTC'
        if (zoneOf(span, dt, session, meant).zone === null) expect(zoneOf(span, dt, session, other).zone).toBe(other)
        else expect(zoneOf(span, dt, session, meant).zone).toBe(meant)
      }),
      { numRuns: 3_000 },
    )
  })
})
