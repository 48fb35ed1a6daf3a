/** A trading calendar out of a list of sessions: lookups, steps, masks. Knows no market. */
import { type Dt, dayBit, type Month, monthOf } from '../_market/dt.ts'
import { assertVouchedFor } from './closures.ts'
import type { CalendarName, Session, TradingCalendar } from './session.ts'
import { instantOf } from './zone.ts'

export interface SessionSource {
  name: CalendarName
  first: Dt
  last: Dt
  /** The sessions from first to last, ascending; called once, at the first question. */
  sessions(): Session[]
}

interface Index {
  dts: Dt[]
  closes: number[]
  byDt: Map<Dt, Session>
  masks: Map<Month, number>
}

/** The calendar of a list of sessions. Every question about a day outside [first, last] throws a RangeError, `sessions` clips. */
export function calendarFrom(source: SessionSource): TradingCalendar {
  const { name, first, last } = source
  let built: Index | undefined
  const index = (): Index => (built ??= indexOf(source.sessions()))

  function away(dt: Dt, n: number): Dt | null {
    if (dt < first || dt > last) return null
    const { dts } = index()
    return dts[n > 0 ? upperBound(dts, dt) + n - 1 : lowerBound(dts, dt) + n] ?? null
  }

  function step(dt: Dt, direction: 'after' | 'before', n: number): Dt {
    assertVouchedFor(source, dt)
    if (!Number.isInteger(n) || n < 1) throw new RangeError(`expected a count of sessions from 1 up, got ${n}`)
    const found = away(dt, direction === 'after' ? n : -n)
    if (found === null) {
      throw new RangeError(
        `the ${name} calendar is vouched for from ${first} to ${last}, it has no session ${n} ${direction} ${dt}`,
      )
    }
    return found
  }

  return {
    name,
    first,
    last,
    isSession(dt) {
      assertVouchedFor(source, dt)
      return index().byDt.has(dt)
    },
    session(dt) {
      assertVouchedFor(source, dt)
      return index().byDt.get(dt)
    },
    sessions(from, to) {
      const { dts } = index()
      return dts.slice(lowerBound(dts, from), upperBound(dts, to))
    },
    next: (dt, n = 1) => step(dt, 'after', n),
    previous: (dt, n = 1) => step(dt, 'before', n),
    away,
    lastClosed(now) {
      const { dts, closes } = index()
      const dt = dts[upperBound(closes, now) - 1]
      // After the last vouched-for day its last session would pass for the newest one for ever.
      if (dt === undefined || !(now < instantOf(last, '24:00'))) {
        throw new RangeError(
          `the ${name} calendar is vouched for from ${first} to ${last}, it knows no session closed last at instant ${now}`,
        )
      }
      return dt
    },
    monthMask(month) {
      if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month) || month < monthOf(first) || month > monthOf(last)) {
        throw new RangeError(
          `the ${name} calendar is vouched for from ${first} to ${last}, it was asked for month ${month}`,
        )
      }
      return index().masks.get(month) ?? 0
    },
  }
}

function indexOf(sessions: Session[]): Index {
  const masks = new Map<Month, number>()
  for (const { dt } of sessions) {
    const month = monthOf(dt)
    masks.set(month, (masks.get(month) ?? 0) + dayBit(dt))
  }
  return {
    dts: sessions.map(({ dt }) => dt),
    closes: sessions.map(({ close }) => close),
    byDt: new Map(sessions.map((session) => [session.dt, session])),
    masks,
  }
}

/** How many of the ascending values are less than the wanted one. */
function lowerBound<T extends string | number>(values: readonly T[], wanted: T): number {
  return countWhile(values, (value) => value < wanted)
}

/** How many of the ascending values are at most the wanted one. */
function upperBound<T extends string | number>(values: readonly T[], wanted: T): number {
  return countWhile(values, (value) => value <= wanted)
}

/** The length of the leading run that fulfils a condition, by halving. */
function countWhile<T>(values: readonly T[], fulfils: (value: T) => boolean): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (fulfils(values[middle] as T)) low = middle + 1
    else high = middle
  }
  return low
}
