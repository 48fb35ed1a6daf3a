import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CALENDARS, calendarOf } from '../../functions/_calendar/calendar.ts'
import { calendarFrom } from '../../functions/_calendar/from-sessions.ts'
import type { Session } from '../../functions/_calendar/session.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { addDays, dayNumber, dtOfDay, dtsOfMask, monthOf } from '../../functions/_market/dt.ts'

const sessionOn = (dt: string): Session => ({ dt, open: instantOf(dt, '09:30'), close: instantOf(dt, '16:00') })

/** Three sessions in a vouched-for fortnight. */
function fortnight() {
  let asked = 0
  const calendar = calendarFrom({
    name: 'xnys',
    first: '2024-07-01',
    last: '2024-07-14',
    sessions() {
      asked++
      return ['2024-07-02', '2024-07-03', '2024-07-09'].map(sessionOn)
    },
  })
  return { calendar, timesAsked: () => asked }
}

test('from sessions: nothing is computed before the first question, and then once', () => {
  const { calendar, timesAsked } = fortnight()
  expect(timesAsked()).toBe(0)
  expect(calendar.isSession('2024-07-02')).toBe(true)
  expect(calendar.monthMask('2024-07')).toBe(0b1_0000_0110)
  expect(calendar.next('2024-07-03')).toBe('2024-07-09')
  expect(timesAsked()).toBe(1)
})

test('from sessions: steps count sessions from a day that need not be one', () => {
  const { calendar } = fortnight()
  expect(calendar.next('2024-07-01')).toBe('2024-07-02')
  expect(calendar.next('2024-07-01', 3)).toBe('2024-07-09')
  expect(calendar.next('2024-07-04')).toBe('2024-07-09')
  expect(calendar.previous('2024-07-04')).toBe('2024-07-03')
  expect(calendar.previous('2024-07-14', 3)).toBe('2024-07-02')
})

test('from sessions: a step beyond the sessions and a count that is none are refused', () => {
  const { calendar } = fortnight()
  expect(() => calendar.next('2024-07-09')).toThrow(/2024-07-01 to 2024-07-14.*no session 1 after 2024-07-09/)
  expect(() => calendar.previous('2024-07-02')).toThrow(/no session 1 before 2024-07-02/)
  for (const n of [0, -1, 1.5, Number.NaN]) expect(() => calendar.next('2024-07-01', n)).toThrow(/from 1 up/)
})

test('from sessions: a question outside the vouched-for days is refused with the day and the range', () => {
  const { calendar } = fortnight()
  const outside = /xnys.*2024-07-01 to 2024-07-14.*2024-07-15/
  expect(() => calendar.isSession('2024-07-15')).toThrow(outside)
  expect(() => calendar.session('2024-07-15')).toThrow(outside)
  expect(() => calendar.next('2024-07-15')).toThrow(outside)
  expect(() => calendar.previous('2024-07-15')).toThrow(outside)
  expect(() => calendar.isSession('2024-06-30')).toThrow(RangeError)
  expect(() => calendar.monthMask('2024-08')).toThrow(/2024-08/)
  expect(() => calendar.monthMask('2024-7')).toThrow(RangeError)
})

test('from sessions: a range of sessions is clipped to the vouched-for days and is empty when turned round', () => {
  const { calendar } = fortnight()
  expect(calendar.sessions('1990-01-01', '2099-12-31')).toEqual(['2024-07-02', '2024-07-03', '2024-07-09'])
  expect(calendar.sessions('2024-07-03', '2024-07-09')).toEqual(['2024-07-03', '2024-07-09'])
  expect(calendar.sessions('2024-07-09', '2024-07-03')).toEqual([])
})

test('from sessions: a session is closed from its close on and not a millisecond before', () => {
  const { calendar } = fortnight()
  const close = instantOf('2024-07-03', '16:00')
  expect(calendar.lastClosed(close)).toBe('2024-07-03')
  expect(calendar.lastClosed(close - 1)).toBe('2024-07-02')
  expect(calendar.lastClosed(instantOf('2024-07-08', '12:00'))).toBe('2024-07-03')
})

test('from sessions: no newest session is named before the first close nor after the vouched-for days', () => {
  const { calendar } = fortnight()
  const end = instantOf('2024-07-14', '24:00')
  expect(() => calendar.lastClosed(instantOf('2024-07-02', '16:00') - 1)).toThrow(/2024-07-01 to 2024-07-14/)
  expect(calendar.lastClosed(end - 1)).toBe('2024-07-09')
  expect(() => calendar.lastClosed(end)).toThrow(RangeError)
  expect(() => calendar.lastClosed(Number.NaN)).toThrow(RangeError)
})

describe.each(Object.values(CALENDARS))('from sessions: the $name calendar', (calendar) => {
  const { first, last } = calendar
  const sessions = calendar.sessions(first, last)
  const day = fc.integer({ min: dayNumber(first), max: dayNumber(last) }).map(dtOfDay)
  const position = fc.integer({ min: 0, max: sessions.length - 1 })

  test('is found by its name', () => {
    expect(calendarOf(calendar.name)).toBe(calendar)
  })

  test('has ascending sessions that open before they close and never overlap', () => {
    let closed = Number.NEGATIVE_INFINITY
    for (const dt of sessions) {
      const session = calendar.session(dt)!
      expect(session.dt).toBe(dt)
      expect(session.open).toBeGreaterThanOrEqual(closed)
      expect(session.close).toBeGreaterThan(session.open)
      closed = session.close
    }
    expect(sessions).toEqual([...new Set(sessions)].sort())
  })

  test('comes back to a session by as many steps as it left', () => {
    fc.assert(
      fc.property(position, position, (a, b) => {
        const [from, to] = [sessions[Math.min(a, b)]!, sessions[Math.max(a, b)]!]
        const steps = Math.abs(a - b)
        if (steps === 0) return
        expect(calendar.next(from, steps)).toBe(to)
        expect(calendar.previous(to, steps)).toBe(from)
      }),
    )
  })

  test('steps from any day over days without session only', () => {
    const inner = day.filter((dt) => dt >= sessions[0]! && dt < sessions.at(-1)!)
    fc.assert(
      fc.property(inner, (dt) => {
        const next = calendar.next(dt)
        expect(calendar.sessions(addDays(dt, 1), next)).toEqual([next])
      }),
    )
  })

  test('masks a month with exactly its sessions', () => {
    fc.assert(
      fc.property(day, (dt) => {
        const month = monthOf(dt)
        const mask = calendar.monthMask(month)
        expect(mask).toBeGreaterThan(0)
        expect(dtsOfMask(month, mask)).toEqual(calendar.sessions(`${month}-01`, `${month}-31`))
      }),
    )
  })

  test('knows the newest closed session at any instant', () => {
    fc.assert(
      fc.property(position, fc.nat({ max: 86_400_000 * 5 }), (at, later) => {
        const now = calendar.session(sessions[at]!)!.close + later
        if (now >= instantOf(last, '24:00')) return
        const newest = calendar.lastClosed(now)
        expect(calendar.session(newest)!.close).toBeLessThanOrEqual(now)
        if (newest < sessions.at(-1)!) expect(calendar.session(calendar.next(newest))!.close).toBeGreaterThan(now)
      }),
    )
  })
})
