/** Invented Treasury yields on the days the Fed publishes, under the names of FRED's constant-maturity series. */
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { addDays, type Dt, dayNumber, maxDt, weekday } from '../../functions/_market/dt.ts'
import { BoundedCache } from './bounded-cache.ts'
import { draw, seedOf } from './chance.ts'
import type { Observation, YieldSource } from './source.ts'

/** Series, maturity in years, and the first day FRED has a value for (full downloads of 2018). */
const SERIES: Record<string, { years: number; first: Dt }> = {
  DGS1MO: { years: 1 / 12, first: '2001-07-31' },
  DGS3MO: { years: 0.25, first: '1982-01-04' },
  DGS6MO: { years: 0.5, first: '1982-01-04' },
  DGS1: { years: 1, first: '1962-01-02' },
  DGS2: { years: 2, first: '1976-06-01' },
  DGS3: { years: 3, first: '1962-01-02' },
  DGS5: { years: 5, first: '1962-01-02' },
  DGS7: { years: 7, first: '1969-07-01' },
  DGS10: { years: 10, first: '1962-01-02' },
  DGS20: { years: 20, first: '1993-10-01' },
  DGS30: { years: 30, first: '1977-02-15' },
}

/** Smooth noise in [-1, 1] that needs about `period` days for a turn. */
function drift(seed: number, day: number, period: number): number {
  const left = Math.floor(day / period)
  const share = day / period - left
  const ease = share * share * (3 - 2 * share)
  const a = draw(seed, left)
  return 2 * (a + (draw(seed, left + 1) - a) * ease) - 1
}

/** A plausible curve: a level near 3.5 %, a slope that fades with maturity, and a daily tremble; percent, two decimals. */
function percentOf(seed: number, years: number, day: number): string {
  const level = 3.5 + 1.8 * drift(seedOf(seed, 'level'), day, 1_500) + 0.25 * drift(seedOf(seed, 'weeks'), day, 20)
  const slope = 0.8 + 1.2 * drift(seedOf(seed, 'slope'), day, 900)
  const tremble = 0.05 * (draw(seedOf(seed, 'day', Math.round(years * 12)), day) - 0.5)
  return Math.max(0, level + slope * (1 - 1.6 * Math.exp(-years / 4)) + tremble).toFixed(2)
}

// A vendor is asked for one series again and again, and looks at all of its history each time.
const histories = new BoundedCache<Observation[]>(400_000, (rows) => rows.length)

function historyOf(seed: number, years: number, from: Dt, to: Dt): Observation[] {
  const fed = calendarOf('fed')
  const rows: Observation[] = []
  for (let date = from; date <= to; date = addDays(date, 1)) {
    const day = weekday(date)
    if (day === 0 || day === 6) continue
    rows.push({ date, value: fed.isSession(date) ? percentOf(seed, years, dayNumber(date)) : '.' })
  }
  return rows
}

/** Values from (seed, series, date) alone. A weekday on which the Fed publishes nothing has ".", a weekend no row. */
export function syntheticYields(seed: number): YieldSource {
  const own = seedOf(seed, 'yields')
  return {
    series: () => Object.keys(SERIES),
    observations(id, from, to) {
      const series = SERIES[id]
      if (!series) return []
      const fed = calendarOf('fed')
      const whole = histories.get(`${own} ${id}`, () =>
        historyOf(own, series.years, maxDt(series.first, fed.first), fed.last),
      )
      return whole.filter(({ date }) => date >= from && date <= to).map((row) => ({ ...row }))
    },
    last: () => calendarOf('fed').last,
  }
}
