/** The holidays of the United States: the day each falls on and the day it is kept. Which market keeps which is not known here. */
import { addDays, type Dt, weekday } from '../_market/dt.ts'
import { dtOf, easterSunday, lastWeekday, MONDAY, nthWeekday, SATURDAY, SUNDAY, THURSDAY, TUESDAY } from './weekdays.ts'

export interface Holiday {
  name: string
  /** The day of a year, or undefined in a year without it. */
  day(year: number): Dt | undefined
  /** Where the day is kept. What stays on a Saturday closes nothing. */
  kept(dt: Dt): Dt
}

/** A Sunday is made up for on Monday, a Saturday is lost. */
const sundayToMonday = (dt: Dt): Dt => (weekday(dt) === SUNDAY ? addDays(dt, 1) : dt)

/** A Sunday is made up for on Monday, a Saturday is taken the day before. */
const nearestWeekday = (dt: Dt): Dt => (weekday(dt) === SATURDAY ? addDays(dt, -1) : sundayToMonday(dt))

const asItFalls = (dt: Dt): Dt => dt

/** The holiday in the years from `first` to `last`, both included. */
export const during = (first: number, last: number, holiday: Holiday): Holiday => ({
  ...holiday,
  day: (year) => (year >= first && year <= last ? holiday.day(year) : undefined),
})

/** A Saturday is not made up for on Friday: that Friday is the last business day of the year (NYSE Rule 7.2). */
export const NEW_YEARS_DAY: Holiday = {
  name: "New Year's Day",
  day: (year) => dtOf(year, 1, 1),
  kept: sundayToMonday,
}

export const MARTIN_LUTHER_KING_DAY: Holiday = {
  name: 'Martin Luther King Jr. Day',
  day: (year) => nthWeekday(year, 1, MONDAY, 3),
  kept: asItFalls,
}

export const LINCOLNS_BIRTHDAY: Holiday = {
  name: "Lincoln's Birthday",
  day: (year) => dtOf(year, 2, 12),
  kept: sundayToMonday,
}

/** Moved to Mondays by the Uniform Monday Holiday Act, in force from 1971, as were Memorial Day, Columbus Day and Veterans Day. */
export const WASHINGTONS_BIRTHDAY: Holiday = {
  name: "Washington's Birthday",
  day: (year) => (year < 1971 ? dtOf(year, 2, 22) : nthWeekday(year, 2, MONDAY, 3)),
  kept: sundayToMonday,
}

export const GOOD_FRIDAY: Holiday = {
  name: 'Good Friday',
  day: (year) => addDays(easterSunday(year), -2),
  kept: asItFalls,
}

export const MEMORIAL_DAY: Holiday = {
  name: 'Memorial Day',
  day: (year) => (year < 1971 ? dtOf(year, 5, 30) : lastWeekday(year, 5, MONDAY)),
  kept: sundayToMonday,
}

/** A federal holiday since June 2021, too late that year for any market to close. */
export const JUNETEENTH: Holiday = {
  name: 'Juneteenth',
  day: (year) => (year < 2022 ? undefined : dtOf(year, 6, 19)),
  kept: nearestWeekday,
}

export const INDEPENDENCE_DAY: Holiday = {
  name: 'Independence Day',
  day: (year) => dtOf(year, 7, 4),
  kept: nearestWeekday,
}

export const LABOR_DAY: Holiday = {
  name: 'Labor Day',
  day: (year) => nthWeekday(year, 9, MONDAY, 1),
  kept: asItFalls,
}

export const COLUMBUS_DAY: Holiday = {
  name: 'Columbus Day',
  day: (year) => (year < 1971 ? dtOf(year, 10, 12) : nthWeekday(year, 10, MONDAY, 2)),
  kept: sundayToMonday,
}

/** The day after the first Monday of November. */
export const ELECTION_DAY: Holiday = {
  name: 'Election Day',
  day: (year) => addDays(nthWeekday(year, 11, MONDAY, 1), TUESDAY - MONDAY),
  kept: asItFalls,
}

/** 11 November, but for the years 1971 to 1973, when New York followed the federal move to the fourth Monday of October. */
export const VETERANS_DAY: Holiday = {
  name: 'Veterans Day',
  day: (year) => (year >= 1971 && year <= 1973 ? nthWeekday(year, 10, MONDAY, 4) : dtOf(year, 11, 11)),
  kept: sundayToMonday,
}

export const THANKSGIVING: Holiday = {
  name: 'Thanksgiving Day',
  day: (year) => nthWeekday(year, 11, THURSDAY, 4),
  kept: asItFalls,
}

export const CHRISTMAS: Holiday = {
  name: 'Christmas Day',
  day: (year) => dtOf(year, 12, 25),
  kept: nearestWeekday,
}
