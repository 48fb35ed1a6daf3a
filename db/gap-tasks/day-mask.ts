/** The days of a month as a mask: day d is bit d-1. */

export const dayBitOf = (dt: string): number => 1 << (Number(dt.slice(8, 10)) - 1)

export function countDays(mask: number): number {
  let days = 0
  for (let left = mask; left !== 0; left &= left - 1) days++
  return days
}

/** The first and the last day of a mask that is not empty, 1 to 31. */
export const firstIn = (mask: number): number => 32 - Math.clz32(mask & -mask)
export const lastIn = (mask: number): number => 32 - Math.clz32(mask)

/** The same as trading dates in the month of `dt`. */
export const firstDayOf = (dt: string, mask: number): string => dtIn(dt, firstIn(mask))
export const lastDayOf = (dt: string, mask: number): string => dtIn(dt, lastIn(mask))

const dtIn = (dt: string, day: number): string => `${dt.slice(0, 8)}${String(day).padStart(2, '0')}`

/** All days of a mask, ascending; `month` is YYYY-MM. */
export function daysOf(month: string, mask: number): string[] {
  const days: string[] = []
  for (let left = mask; left !== 0; left &= left - 1) days.push(firstDayOf(`${month}-`, left))
  return days
}

/** As `gap_tasks` holds them: `days` is null for a single one. */
export const asTask = (dt: string, mask: number): { dt: string; days: number | null; cells: number } => {
  const cells = countDays(mask)
  return { dt: firstDayOf(dt, mask), days: cells > 1 ? mask : null, cells }
}
