import { describe, expect, test } from 'vitest'
import { calendarOf } from '../../../functions/_calendar/calendar.ts'
import { midnightOf } from '../../lab/new-york.ts'
import { syntheticBars } from '../../lab/synthetic.ts'
import type { Day, Injected } from '../fault.ts'
import { drawsOf } from '../scene.ts'
import { FAULT_CLASSES } from './index.ts'

const SESSIONS = calendarOf('xnys').sessions('2024-06-03', '2025-06-30')
const source = syntheticBars({ seed: 3, universe: [{ symbol: 'AAA', from: '2024-01-02', to: null }], vendor: 'alpaca' })
const rowOf = ({ ts, o, h, l, c, v, vw, n }: ReturnType<typeof source.daily>[number]) => ({
  ts,
  open: o ?? 0,
  high: h ?? 0,
  low: l ?? 0,
  close: c ?? 0,
  volume: v ?? 0,
  vwap: vw ?? null,
  trades: n ?? null,
})

const WINDOWS: Record<Injected, Day[]> = {
  equities_bars: source
    .daily('AAA', SESSIONS[0] ?? '', SESSIONS.at(-1) ?? '')
    .map((bar) => ({ dt: bar.dt, rows: [rowOf(bar)] })),
  equities_bars_minute: SESSIONS.slice(-4).map((dt) => ({
    dt,
    rows: source.minute('AAA', midnightOf(dt), midnightOf(dt) + 86_399_999).map(rowOf),
  })),
}
const AT: Record<Injected, number> = { equities_bars: 150, equities_bars_minute: 2 }

describe('fault classes', () => {
  test('have one name each', () => {
    expect(new Set(FAULT_CLASSES.map(({ name }) => name)).size).toBe(FAULT_CLASSES.length)
  })

  test.each(FAULT_CLASSES.map((fault) => [fault.name, fault] as const))(
    '%s: breaks or labels a day, twice the same',
    (_, fault) => {
      const clean = WINDOWS[fault.dataset]
      const copy = structuredClone(clean)
      const inject = () => fault.inject(clean, AT[fault.dataset], drawsOf(9, fault.name))
      const faulty = inject()
      expect(clean).toEqual(copy)
      expect(inject()).toEqual(faulty)
      expect(faulty.labels.length).toBeGreaterThan(0)
      const days = new Map(faulty.days.map(({ dt, rows }) => [dt, rows]))
      for (const dt of faulty.labels) expect(SESSIONS).toContain(dt)
      const differs = faulty.labels.filter((dt) => {
        const before = clean.find((day) => day.dt === dt)?.rows
        return JSON.stringify(days.get(dt)) !== JSON.stringify(before)
      })
      // A told split without its step leaves the rows as they are: what is wrong is what was told.
      if (faulty.splits === undefined) expect(differs).toEqual(faulty.labels)
    },
  )
})
