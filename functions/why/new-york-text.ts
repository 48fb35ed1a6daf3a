/** Instants as a person in New York writes them. */
import { newYorkDt, newYorkMinute } from '../_calendar/zone.ts'
import { dayNumber } from '../_market/dt.ts'

const MS_PER_SECOND = 1000
const SECONDS_PER_MINUTE = 60
const MINUTES_PER_HOUR = 60
const MINUTES_PER_DAY = 24 * MINUTES_PER_HOUR

/**
 * An instant (epoch ms) as New York wall clock with its distance from UTC, `2025-07-08T20:16-04:00`; seconds only where there are any,
 * parts of one rounded up, so that nobody comes too early. What lies outside the years the clock knows is written in UTC, or is `never`.
 */
export function newYorkText(instant: number): string {
  const seconds = Math.ceil(instant / MS_PER_SECOND)
  const ms = seconds * MS_PER_SECOND
  if (Number.isNaN(new Date(ms).getTime())) return 'never'
  const wall = wallClock(ms)
  if (wall === null) return new Date(ms).toISOString()
  const behind = Math.floor(seconds / SECONDS_PER_MINUTE) - (dayNumber(wall.dt) * MINUTES_PER_DAY + wall.minute)
  const second = seconds % SECONDS_PER_MINUTE
  return `${wall.dt}T${clock(wall.minute)}${second === 0 ? '' : `:${two(second)}`}-${clock(behind)}`
}

/** `now` for what has come, else `at 2025-07-08T20:16-04:00`. */
export const whenText = (instant: number, now: number): string =>
  instant <= now ? 'now' : `at ${newYorkText(instant)}`

function wallClock(instant: number): { dt: string; minute: number } | null {
  try {
    return { dt: newYorkDt(instant), minute: newYorkMinute(instant) }
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

const two = (number: number): string => String(number).padStart(2, '0')
const clock = (minutes: number): string =>
  `${two(Math.floor(minutes / MINUTES_PER_HOUR))}:${two(minutes % MINUTES_PER_HOUR)}`
