/** Single minutes, and runs of them, that the minutes around contradict. */
import { calendarOf } from '../../../functions/_calendar/calendar.ts'
import type { Dt } from '../../../functions/_market/dt.ts'
import { type EvalRow, enclosed, type FaultClass, oneDay, rounded, scaled, signed } from '../fault.ts'

const xnys = calendarOf('xnys')

/** Places of the rows inside the regular session, without its first and last ten. */
function inner(rows: readonly EvalRow[], dt: Dt): number[] {
  const session = xnys.session(dt)
  return rows.flatMap(({ ts }, at) => (session && ts >= session.open && ts < session.close ? [at] : [])).slice(10, -10)
}

/** Changes `length` rows in the middle of the session. */
const minutes = (
  name: string,
  red: boolean,
  change: (row: EvalRow, random: () => number, first: EvalRow) => EvalRow,
  length = 1,
): FaultClass => ({
  name: `minute: ${name}`,
  dataset: 'equities_bars_minute',
  recall: 100,
  red,
  window: 'slot',
  inject: (days, at, random) =>
    oneDay(days, at, (rows, { dt }) => {
      const places = inner(rows, dt)
      const from = Math.floor(random() * Math.max(1, places.length - length))
      const chosen = new Set(places.slice(from, from + length))
      const first = rows[places[from] ?? 0]
      return rows.map((row, place) => (chosen.has(place) && first ? change(row, random, first) : row))
    }),
})

const spike = (percent: number, red: boolean): FaultClass =>
  minutes(`spike of ${percent} %`, red, (row, random) =>
    enclosed({ ...row, close: rounded(row.close * signed(random, percent / 100)) }),
  )

const wick = (percent: number, red: boolean): FaultClass =>
  minutes(`wick of ${percent} %`, red, (row, random) =>
    random() < 0.5
      ? { ...row, high: rounded(Math.max(row.open, row.close) * (1 + percent / 100)) }
      : { ...row, low: rounded(Math.min(row.open, row.close) * (1 - percent / 100)) },
  )

export const CLASSES: readonly FaultClass[] = [
  spike(5, false),
  spike(10, false),
  spike(60, true),
  wick(5, false),
  wick(10, false),
  wick(60, true),
  minutes('one bar × 100', true, (row) => scaled(row, 100)),
  minutes('one bar ÷ 100', true, (row) => scaled(row, 0.01)),
  minutes(
    '60 bars that stand still',
    false,
    (row, _, first) => ({
      ...row,
      open: first.close,
      high: first.close,
      low: first.close,
      close: first.close,
      vwap: first.close,
    }),
    60,
  ),
  minutes('60 bars that repeat one', false, (row, _, first) => ({ ...first, ts: row.ts }), 60),
  minutes('open and close swapped, a whole day', false, (row) => ({ ...row, open: row.close, close: row.open }), 1000),
  minutes('high and low swapped, a whole day', false, (row) => ({ ...row, high: row.low, low: row.high }), 1000),
]
