/** Minute days that are wrong as a whole: cut short, with holes, repeated, shifted, at another scale, against their daily bar. */
import { calendarOf } from '../../../functions/_calendar/calendar.ts'
import { instantOf } from '../../../functions/_calendar/zone.ts'
import { changeDays, type Day, dtAt, type EvalRow, type FaultClass, oneDay, scaled } from '../fault.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const fault = (
  name: string,
  red: boolean,
  change: (rows: readonly EvalRow[], day: Day, random: () => number) => readonly EvalRow[],
): FaultClass => ({
  name: `minute: ${name}`,
  dataset: 'equities_bars_minute',
  recall: 100,
  red,
  window: 'slot',
  inject: (days, at, random) => oneDay(days, at, (rows, day) => change(rows, day, random)),
})

const noonOf = ({ dt }: Day): number => instantOf(dt, '12:00')
const lastRegular = (rows: readonly EvalRow[], { dt }: Day): number =>
  rows.reduce((last, { ts }) => (ts < (calendarOf('xnys').session(dt)?.close ?? 0) ? Math.max(last, ts) : last), 0)

const cutBefore = (minutes: number): FaultClass =>
  fault(`session cut ${minutes} minutes short`, true, (rows, day) => {
    const from = lastRegular(rows, day) - (minutes - 1) * MINUTE
    return rows.filter(({ ts }) => ts < from)
  })

const hole = (minutes: number): FaultClass =>
  fault(`hole of ${minutes} minutes`, false, (rows, day, random) => {
    const from = instantOf(day.dt, '09:45') + Math.floor(random() * 90) * MINUTE
    return rows.filter(({ ts }) => ts < from || ts >= from + minutes * MINUTE)
  })

const repeated: FaultClass = {
  name: 'minute: day repeated from the session before',
  dataset: 'equities_bars_minute',
  recall: 100,
  red: true,
  window: 'slot',
  inject(days, at) {
    const before = days[at - 1]
    if (before === undefined) throw new Error('expected a session before the repeated one, got none')
    const by = instantOf(dtAt(days, at), '00:00') - instantOf(before.dt, '00:00')
    return oneDay(days, at, () => before.rows.map((row) => ({ ...row, ts: row.ts + by })))
  },
}

const shifted = (hours: number): FaultClass =>
  fault(`stamps shifted by ${hours} h`, false, (rows, { dt }) => {
    const [early, late] = [instantOf(dt, '04:00'), instantOf(dt, '20:00')]
    return rows.map((row) => ({ ...row, ts: row.ts + hours * HOUR })).filter(({ ts }) => ts >= early && ts < late)
  })

/** Both halves look whole: no day of the symbol has an afternoon. */
const always: FaultClass = {
  name: 'minute: every session cut at noon',
  dataset: 'equities_bars_minute',
  recall: 100,
  red: true,
  window: 'symbol',
  inject: (days) => ({
    days: changeDays(days, 0, days.length - 1, (rows, day) => rows.filter(({ ts }) => ts < noonOf(day))),
    labels: days.map(({ dt }) => dt),
  }),
}

export const CLASSES: readonly FaultClass[] = [
  fault('session ends at noon', true, (rows, day) => rows.filter(({ ts }) => ts < noonOf(day))),
  fault('session begins at noon', true, (rows, day) => rows.filter(({ ts }) => ts >= noonOf(day))),
  cutBefore(60),
  cutBefore(30),
  hole(60),
  hole(20),
  fault('every third minute missing', true, (rows) => rows.filter((_, at) => at % 3 !== 0)),
  repeated,
  shifted(1),
  shifted(-1),
  always,
  ...[100, 1000, 0.01].map((factor) =>
    fault(`prices × ${factor}`, true, (rows) => rows.map((row) => scaled(row, factor))),
  ),
  ...[0.5, 1.02].map((factor) =>
    fault(`prices × ${factor} against the daily bar`, true, (rows) => rows.map((row) => scaled(row, factor))),
  ),
  ...[0.03, 0.5].map((share) =>
    fault(`volume × ${share} against the daily bar`, false, (rows) => rows.map((row) => scaled(row, 1, share))),
  ),
]
