/** Daily bars that are wrong in their place: repeated, standing still, shifted, after a silence. */
import { addDays } from '../../../functions/_market/dt.ts'
import { midnightOf } from '../../lab/new-york.ts'
import { changeDays, type Day, dtAt, type FaultClass, rounded, scaled } from '../fault.ts'

const repeated: FaultClass = {
  name: 'daily: day repeats the one before',
  dataset: 'equities_bars',
  recall: 100,
  red: false,
  window: 'slot',
  inject: (days, at) => ({
    days: changeDays(days, at, at, (rows, { dt }) =>
      (days[at - 1]?.rows ?? rows).map((row) => ({ ...row, ts: midnightOf(dt) })),
    ),
    labels: [dtAt(days, at)],
  }),
}

const stale: FaultClass = {
  name: 'daily: five bars that stand still',
  dataset: 'equities_bars',
  recall: 100,
  red: false,
  window: 'slot',
  inject(days, at) {
    const price = days[at - 1]?.rows[0]?.close ?? 10
    const still = { open: price, high: price, low: price, close: price, vwap: price }
    return {
      days: changeDays(days, at, at + 4, (rows) => rows.map((row) => ({ ...row, ...still }))),
      labels: [dtAt(days, at + 4)],
    }
  },
}

const reused: FaultClass = {
  name: 'daily: first bar of another company after a long silence',
  dataset: 'equities_bars',
  recall: 100,
  red: false,
  window: 'symbol',
  inject(days, at, random) {
    const silence = 60 + Math.floor(60 * random())
    const factor = 0.2 + 0.5 * random()
    const silent = changeDays(days, at - silence, at - 1, () => [])
    return {
      days: changeDays(silent, at, days.length - 1, (rows) => rows.map((row) => scaled(row, factor))),
      labels: [dtAt(days, at)],
    }
  },
}

/** Monday's bar lies on Sunday, Friday's on Thursday: every bar of the stretch is the next session's, one calendar day early. */
const shifted: FaultClass = {
  name: 'daily: ten dates shifted by a day',
  dataset: 'equities_bars',
  recall: 90,
  red: false,
  window: 'slot',
  inject(days, at) {
    const moved = days.slice(at, at + 10)
    const early = moved.map(({ dt, rows }): Day => {
      const before = addDays(dt, -1)
      return { dt: before, rows: rows.map((row) => ({ ...row, ts: midnightOf(before) })) }
    })
    const byDay = new Map<string, Day>(days.map((day) => [day.dt, day]))
    for (const { dt } of moved) byDay.set(dt, { dt, rows: [] })
    for (const day of early) byDay.set(day.dt, day)
    // Only sessions of the stretch carry a label; the one before it was overwritten by its successor's bar.
    const labels = [days[at - 1], ...moved].flatMap((day) =>
      day && (byDay.get(day.dt)?.rows.length ?? 0) > 0 ? [day.dt] : [],
    )
    return { days: [...byDay.values()].sort((a, b) => (a.dt < b.dt ? -1 : 1)), labels }
  },
}

const drift: FaultClass = {
  name: 'daily: close beyond the high by two ticks',
  dataset: 'equities_bars',
  recall: 100,
  red: true,
  window: 'slot',
  inject: (days, at) => ({
    days: changeDays(days, at, at, (rows) => rows.map((row) => ({ ...row, close: rounded(row.high + 0.02) }))),
    labels: [dtAt(days, at)],
  }),
}

export const CLASSES: readonly FaultClass[] = [repeated, stale, reused, shifted, drift]
