import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { midnightOf } from './new-york.ts'
import type { LabBar } from './source.ts'
import { type Hole, makeHoles, syntheticBars, syntheticYields, type UniverseEntry } from './synthetic.ts'

const UNIVERSE: UniverseEntry[] = [
  { symbol: 'AAA', from: '2005-01-03', to: null },
  { symbol: 'THIN', from: '2005-01-03', to: null, thin: true },
  { symbol: 'PENNY', from: '2005-01-03', to: '2015-06-30', price: 0.4 },
  { symbol: 'SPLT', from: '2005-01-03', to: null, price: 100, splits: [{ exDt: '2012-03-05', ratio: 4 }] },
]
const SESSIONS = calendarOf('xnys').sessions('2010-01-04', '2015-06-30')
const source = (holes: Hole[] = [], vendor: 'alpaca' | 'massive' = 'alpaca', seed = 3) =>
  syntheticBars({ seed, universe: UNIVERSE, vendor, holes })
const sessionArb = fc.constantFrom(...SESSIONS)
const symbolArb = fc.constantFrom(...UNIVERSE.map((entry) => entry.symbol))
const wholeDay = (dt: string): [number, number] => [midnightOf(dt), midnightOf(dt) + 86_399_999]
const num = (value: number | null | undefined): number => value ?? Number.NaN

/** The minutes of regular hours. */
function regular(bars: LabBar[], dt: string): LabBar[] {
  const session = calendarOf('xnys').session(dt)
  return bars.filter((bar) => session && bar.ts >= session.open && bar.ts < session.close)
}

describe('synthetic bars', () => {
  it('are plausible: low, open, close, high in order, positive, vwap between low and high', () => {
    fc.assert(
      fc.property(symbolArb, sessionArb, (symbol, dt) => {
        const bars = [...source().daily(symbol, dt, dt), ...source().minute(symbol, ...wholeDay(dt))]
        expect(bars.length).toBeGreaterThan(2)
        for (const { o, h, l, c, v, vw, n } of bars) {
          expect(num(l)).toBeGreaterThan(0)
          expect(num(l)).toBeLessThanOrEqual(Math.min(num(o), num(c), num(vw)))
          expect(num(h)).toBeGreaterThanOrEqual(Math.max(num(o), num(c), num(vw)))
          expect(Number.isInteger(v) && num(v) > 0 && num(n) > 0).toBe(true)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('of the minutes of regular hours make up the daily bar exactly', () => {
    fc.assert(
      fc.property(symbolArb, sessionArb, (symbol, dt) => {
        const [day] = source().daily(symbol, dt, dt)
        const bars = regular(source().minute(symbol, ...wholeDay(dt)), dt)
        expect({
          o: bars[0]?.o,
          h: Math.max(...bars.map((bar) => num(bar.h))),
          l: Math.min(...bars.map((bar) => num(bar.l))),
          c: bars.at(-1)?.c,
          v: bars.reduce((sum, bar) => sum + num(bar.v), 0),
        }).toEqual({ o: day?.o, h: day?.h, l: day?.l, c: day?.c, v: day?.v })
      }),
      { numRuns: 60 },
    )
  })

  it('do not depend on what else is asked, by whom, or in which order', () => {
    fc.assert(
      fc.property(symbolArb, sessionArb, sessionArb, (symbol, a, b) => {
        const [from, to] = a < b ? [a, b] : [b, a]
        const range = source().daily(symbol, from, to)
        const alone = source([], 'massive').daily(symbol, to, to)
        expect(range.at(-1)).toEqual(alone[0])
      }),
      { numRuns: 30 },
    )
    expect(source([], 'alpaca', 4).daily('AAA', '2010-01-04', '2010-01-04')).not.toEqual(
      source().daily('AAA', '2010-01-04', '2010-01-04'),
    )
  })

  it('cover the minutes of a session in full, of a half day too, and leave gaps in a thin name', () => {
    const minutes = (symbol: string, dt: string) => source().minute(symbol, ...wholeDay(dt))
    expect(regular(minutes('AAA', '2014-11-26'), '2014-11-26')).toHaveLength(390)
    expect(regular(minutes('AAA', '2014-11-28'), '2014-11-28')).toHaveLength(210)
    const thin = regular(minutes('THIN', '2014-11-26'), '2014-11-26').length
    expect(thin).toBeGreaterThan(100)
    expect(thin).toBeLessThan(370)
    expect(minutes('AAA', '2014-11-26').length).toBeGreaterThan(390)
    expect(minutes('AAA', '2014-11-27')).toEqual([])
    const stamps = minutes('AAA', '2014-11-28').map((bar) => bar.ts)
    expect(stamps).toEqual(stamps.toSorted((a, b) => a - b))
  })

  it('trade most at the open and the close', () => {
    const bars = regular(source().minute('AAA', ...wholeDay('2014-11-26')), '2014-11-26')
    const volume = (from: number, to: number) => bars.slice(from, to).reduce((sum, bar) => sum + num(bar.v), 0)
    expect(volume(0, 60)).toBeGreaterThan(volume(165, 225) * 1.5)
    expect(volume(330, 390)).toBeGreaterThan(volume(165, 225) * 1.5)
  })

  it('end with a delisting and drop by the ratio on the day of a split', () => {
    expect(source().daily('PENNY', '2015-06-29', '2015-07-10')).toHaveLength(2)
    const [before, after] = source().daily('SPLT', '2012-03-02', '2012-03-05')
    expect(num(before?.c) / num(after?.o)).toBeCloseTo(4, 0)
  })

  it('move like a market: daily returns near one percent, none beyond fifteen', () => {
    const closes = source()
      .daily('AAA', '2010-01-04', '2015-06-30')
      .map((bar) => num(bar.c))
    const returns = closes.slice(1).map((close, i) => Math.abs(close / num(closes[i]) - 1))
    const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length
    expect(mean).toBeGreaterThan(0.003)
    expect(mean).toBeLessThan(0.03)
    expect(Math.max(...returns)).toBeLessThan(0.15)
  })
})

describe('synthetic: holes', () => {
  it('are the same for the same seed, whatever else is in the lists', () => {
    const all = makeHoles(9, UNIVERSE, SESSIONS)
    expect(makeHoles(9, UNIVERSE, SESSIONS)).toEqual(all)
    const one = makeHoles(9, UNIVERSE.slice(1, 2), SESSIONS.slice(100, 400))
    const dts = new Set(SESSIONS.slice(100, 400))
    expect(one).toEqual(all.filter((hole) => hole.symbol === 'THIN' && dts.has(hole.dt)))
  })

  it('come in all kinds at about the rates asked for', () => {
    const holes = makeHoles(9, UNIVERSE, SESSIONS, { datasets: ['equities_bars_minute'] })
    const cells = UNIVERSE.length * SESSIONS.length
    const missing = (vendor: string) =>
      new Set(
        holes
          .filter((hole) => hole.vendor === vendor && hole.kind === 'missing')
          .map((hole) => `${hole.symbol} ${hole.dt}`),
      )
    const both = [...missing('alpaca')].filter((cell) => missing('massive').has(cell)).length
    expect((missing('alpaca').size - both) / cells).toBeCloseTo(0.01, 2)
    expect((missing('massive').size - both) / cells).toBeCloseTo(0.01, 2)
    expect(both).toBeGreaterThan(0)
    expect(holes.filter((hole) => hole.kind === 'partial').length / cells).toBeCloseTo(0.005, 2)
  })

  it('apply to their vendor and dataset only', () => {
    const dt = '2014-11-26'
    const cell = { dataset: 'equities_bars_minute', dt, vendor: 'alpaca' } as const
    const holes: Hole[] = [
      { ...cell, symbol: 'AAA', kind: 'missing' },
      { ...cell, symbol: 'SPLT', kind: 'partial' },
    ]
    expect(source(holes).minute('AAA', ...wholeDay(dt))).toEqual([])
    expect(source(holes).daily('AAA', dt, dt)).toEqual(source().daily('AAA', dt, dt))
    expect(source(holes, 'massive').minute('AAA', ...wholeDay(dt))).toEqual(source().minute('AAA', ...wholeDay(dt)))
    const partial = source(holes).minute('SPLT', ...wholeDay(dt))
    const whole = source().minute('SPLT', ...wholeDay(dt))
    expect(partial.length).toBeLessThan(whole.length * 0.8)
    expect(whole).toEqual(expect.arrayContaining(partial))
  })

  it('cannot be partial in a daily bar', () => {
    expect(() =>
      source([{ vendor: 'alpaca', dataset: 'equities_bars', symbol: 'AAA', dt: '2014-11-26', kind: 'partial' }]),
    ).toThrow(/partial hole to be in equities_bars_minute, got AAA 2014-11-26/)
  })
})

describe('synthetic yields', () => {
  it('have one row a weekday, "." exactly where the Fed publishes nothing', () => {
    const rows = syntheticYields(3).observations('DGS10', '2012-01-01', '2012-12-31')
    expect(rows).toHaveLength(261)
    for (const { date, value } of rows) {
      expect(value).toMatch(calendarOf('fed').isSession(date) ? /^\d+\.\d\d$/ : /^\.$/)
    }
  })

  it('begin when their series began', () => {
    const all = syntheticYields(3)
    expect(all.observations('DGS1MO', '2001-01-01', '2001-08-31')[0]?.date).toBe('2001-07-31')
    expect(all.observations('DGS99', '2001-01-01', '2001-08-31')).toEqual([])
    expect(all.series()).toHaveLength(11)
  })
})
