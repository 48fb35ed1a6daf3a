/** The trading date: a plain `YYYY-MM-DD` string, compared as text, never a JS `Date`. Knows days, not markets or zones. */
import { z } from 'zod'

export type Dt = string
/** `YYYY-MM`: the coverage of a cell is one bit of its month. */
export type Month = string

const MS_PER_DAY = 86_400_000
/** `00` to `31`: days and months as they are written. */
const TWO_DIGITS = Array.from({ length: 32 }, (_, number) => String(number).padStart(2, '0'))

/** Days since 1970-01-01 of a trading date; NaN when the text is no calendar day. */
export function dayNumber(dt: Dt): number {
  const ms = Date.UTC(Number(dt.slice(0, 4)), Number(dt.slice(5, 7)) - 1, Number(dt.slice(8, 10)))
  return ms / MS_PER_DAY
}

/** The trading date of a day number, the inverse of `dayNumber`. */
export function dtOfDay(day: number): Dt {
  const date = new Date(day * MS_PER_DAY)
  const year = date.getUTCFullYear()
  if (!(year >= 0 && year <= 9999)) throw new RangeError(`expected a day of the years 0 to 9999, got day number ${day}`)
  // toISOString takes four times as long, and a calendar of forty years is forty thousand days written out.
  return `${year >= 1000 ? year : String(year).padStart(4, '0')}-${TWO_DIGITS[date.getUTCMonth() + 1]}-${TWO_DIGITS[date.getUTCDate()]}`
}

/** A real calendar day written `YYYY-MM-DD`; refuses 2023-02-30. */
export const isDt = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && dtOfDay(dayNumber(text)) === text

export const DtText = z
  .string()
  .refine(isDt, { error: (issue) => `expected a day as YYYY-MM-DD, got ${issue.input}` })
  .meta({ format: 'date' })

export const addDays = (dt: Dt, days: number): Dt => dtOfDay(dayNumber(dt) + days)

/** The same day of the month so many years earlier, to the month; a day that month does not have rolls over into the next. */
export function yearsBefore(dt: Dt, years: number): Dt {
  const month = Number(dt.slice(0, 4)) * 12 + Number(dt.slice(5, 7)) - 1 - Math.round(years * 12)
  const year = String(Math.floor(month / 12)).padStart(4, '0')
  return addDays(`${year}-${String((month % 12) + 1).padStart(2, '0')}-${dt.slice(8)}`, 0)
}

/** 0 is Sunday, 6 is Saturday. 1970-01-01 was a Thursday. */
export const weekday = (dt: Dt): number => (((dayNumber(dt) + 4) % 7) + 7) % 7

export const monthOf = (dt: Dt): Month => dt.slice(0, 7)

/** The bit of a trading date in its month's mask: day 1 is bit 0. */
export const dayBit = (dt: Dt): number => 2 ** (Number(dt.slice(8, 10)) - 1)

/** The trading dates whose bits are set in a month's mask, ascending. */
export function dtsOfMask(month: Month, mask: number): Dt[] {
  const dts: Dt[] = []
  // The lowest set bit is taken off until none is left: most masks hold few.
  for (let left = mask; left !== 0; left &= left - 1) dts.push(`${month}-${TWO_DIGITS[32 - Math.clz32(left & -left)]}`)
  return dts
}

export const minDt = (a: Dt, b: Dt): Dt => (a < b ? a : b)
export const maxDt = (a: Dt, b: Dt): Dt => (a > b ? a : b)
