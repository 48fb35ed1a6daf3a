/** Instants as a person reads them: New York time, to the minute; the page's script adds the reader's own. */
import { newYorkDt, newYorkMinute } from '../_calendar/zone.ts'
import { type Dt, weekday } from '../_market/dt.ts'

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (number: number): string => String(number).padStart(2, '0')

/** `Tue 8 Jul`, with the year where it is another one than that of `now`. */
export function dayText(dt: Dt, now: number): string {
  const [year, month, day] = dt.split('-').map(Number) as [number, number, number]
  const isThisYear = wallClock(now)?.dt.startsWith(`${dt.slice(0, 4)}-`) ?? false
  return `${DAYS[weekday(dt)]} ${day} ${MONTHS[month - 1]}${isThisYear ? '' : ` ${year}`}`
}

/** `20:30` on the day of `now`, else `Tue 8 Jul 20:30`. What lies outside the years that the calendar knows is in UTC. */
export function instantText(instant: number, now: number): string {
  const wall = wallClock(instant)
  if (wall === null) return Number.isNaN(new Date(instant).getTime()) ? 'never' : secondsText(instant)
  const time = `${two(Math.floor(wall.minute / 60))}:${two(wall.minute % 60)}`
  return wall.dt === wallClock(now)?.dt ? time : `${dayText(wall.dt, now)} ${time}`
}

const secondsText = (instant: number): string => new Date(instant).toISOString().replace(/\.\d{3}Z$/, 'Z')

function wallClock(instant: number): { dt: Dt; minute: number } | null {
  try {
    return { dt: newYorkDt(instant), minute: newYorkMinute(instant) }
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** `at` in epoch ms or as UTC text; null for never. */
export function Instant({ at, now }: { at: number | string | null; now: number }) {
  const instant = typeof at === 'string' ? Date.parse(at) : at
  if (instant === null || Number.isNaN(new Date(instant).getTime())) return <>never</>
  return <time datetime={secondsText(instant)}>{instantText(instant, now)}</time>
}
