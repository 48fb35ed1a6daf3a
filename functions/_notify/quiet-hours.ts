/** The hours in which messages wait, by the wall clock of a named zone. */
import type { NotificationsConfig } from '../../config/schema.ts'
import { minuteIn } from '../_calendar/zone-name.ts'

type QuietHours = NonNullable<NotificationsConfig['quiet_hours']>

const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))

/** From the first minute on, until the last one begins; they may go over midnight. */
export function isQuiet(hours: QuietHours | undefined, now: number): boolean {
  if (hours === undefined) return false
  const [from, to] = [minuteOf(hours.from), minuteOf(hours.to)]
  const minute = minuteIn(hours.timezone, now)
  return from < to ? minute >= from && minute < to : minute >= from || minute < to
}
