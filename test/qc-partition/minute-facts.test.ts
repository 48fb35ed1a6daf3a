import { expect, test } from 'vitest'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { type MinuteFacts, minuteFactsSql } from '../../functions/qc-partition/minute-facts.ts'
import { withSessionDays } from '../../functions/qc-partition/session-days.ts'
import { dailyBar, minuteBars, sessionOf, smallLake, type TestBar, upTo, writeCurated } from './small-lake.ts'

const D1 = '2024-07-03'
const D2 = '2024-07-05'

/** Minutes that walk a cent a bar: each opens where the one before closed. */
const walk = (symbol: string, dt: string, change: (bar: TestBar, at: number) => Partial<TestBar> = () => ({})) =>
  minuteBars(symbol, dt, upTo(390)).map((bar, at) => {
    const open = 100 + Math.round(Math.sin(at + Number(dt.slice(8))) * 50) / 100
    const close = 100 + Math.round(Math.sin(at + 1 + Number(dt.slice(8))) * 50) / 100
    const whole = { ...bar, open, close, high: Math.max(open, close), low: Math.min(open, close), volume: 100 + at }
    return { ...whole, ...change(whole, at) }
  })

async function measure(bars: TestBar[], before: TestBar[] | null, daily: TestBar[] | null) {
  const lake = await smallLake()
  const file = await writeCurated(lake, 'equities_bars_minute', D2, bars)
  const previous = before && (await writeCurated(lake, 'equities_bars_minute', D1, before))
  const year = daily && (await writeCurated(lake, 'equities_bars', '2024', daily))
  return withSessionDays(lake.duck, [sessionOf(D1), sessionOf(D2)], async (days) => {
    const rows = await lake.duck.all<{ symbol: string; minutes: string }>(
      minuteFactsSql({ bars: readParquet(file), before: previous, daily: year }, days),
    )
    return new Map(rows.map(({ symbol, minutes }) => [symbol, JSON.parse(minutes) as MinuteFacts]))
  })
}

test('minute facts: a clean day has nothing to compare with where no other file is at hand', async () => {
  const facts = (await measure(walk('A', D2), null, null)).get('A')
  expect(facts).toMatchObject({
    bars: 390,
    tail: 0,
    shareBeforeTail: 1,
    repeats: 0,
    copies: 0,
    firstHour: 60,
    lastHour: 60,
  })
  expect(facts).toMatchObject({
    repeatsSession: null,
    step: null,
    dailyShift: null,
    dailyVolume: null,
    dailyRegularVolume: null,
  })
  expect(facts?.stepsOverSwapped).toBe(0)
  expect(facts?.spike).toBeLessThan(0.01)
})

test('minute facts: each fault moves its own measure', async () => {
  const bars = [
    ...walk('SPIKE', D2, ({ close, high }, at) =>
      at === 100 ? { close: close! * 1.1, high: Math.max(high!, close! * 1.1) } : {},
    ),
    ...walk('WICK', D2, ({ low }, at) => (at === 100 ? { low: low! / 1.2 } : {})),
    ...walk('STILL', D2, (_, at) => (at >= 100 && at < 150 ? { open: 100, high: 100, low: 100, close: 100 } : {})),
    ...walk('SWAP', D2, ({ open, close }) => ({ open: close, close: open })),
    ...walk('CUT', D2).slice(0, 150),
    ...walk('BROKEN', D2, (_, at) => (at === 100 ? { low: -1 } : {})),
  ]
  const facts = await measure(bars, null, null)
  expect(facts.get('SPIKE')?.spike).toBeCloseTo(0.1, 1)
  expect(facts.get('WICK')?.wick).toBeCloseTo(0.2, 1)
  expect(facts.get('STILL')).toMatchObject({ repeats: 49, copies: 0 })
  expect(facts.get('SWAP')?.stepsOverSwapped).toBeGreaterThan(1.25)
  expect(facts.get('CUT')).toMatchObject({ bars: 150, tail: 240, shareBeforeTail: 1, lastHour: 0 })
  expect(facts.get('BROKEN')).toMatchObject({ bars: 389, tail: 0 })
})

test('minute facts: the session before and the daily bar are compared symbol by symbol', async () => {
  const daily = (symbol: string) =>
    dailyBar(symbol, D2, { open: 100, high: 100.5, low: 99.5, close: 100, volume: 115_000 })
  const again = walk('AGAIN', D1).map((bar) => ({ ...bar, dt: D2, ts: bar.ts + 2 * 86_400_000 }))
  const bars = [
    ...again,
    ...walk('UNIT', D2, ({ open, high, low, close }) => ({
      open: open! * 100,
      high: high! * 100,
      low: low! * 100,
      close: close! * 100,
    })),
  ]
  const facts = await measure(
    bars,
    [...walk('AGAIN', D1), ...walk('UNIT', D1)],
    [daily('AGAIN'), daily('UNIT'), daily('OTHER')],
  )
  expect([...facts.keys()].sort()).toEqual(['AGAIN', 'UNIT'])
  expect(facts.get('AGAIN')).toMatchObject({ repeatsSession: 1, dailyShift: 0 })
  expect(facts.get('UNIT')).toMatchObject({ repeatsSession: 0 })
  expect(facts.get('UNIT')?.step).toBeGreaterThan(90)
  expect(facts.get('UNIT')?.dailyShift).toBeGreaterThan(90)
  expect(facts.get('UNIT')?.dailyVolume).toBeCloseTo(1, 1)
})
