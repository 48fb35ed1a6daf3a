import { expect, test } from 'vitest'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { firstEffective, sessionOfAction } from '../../functions/_vendors/action-day.ts'
import { tickerOn, tickersOf, tickerUntil } from '../../functions/_vendors/names.ts'
import { isCollected, isSameUnderlier, occParts } from '../../functions/_vendors/occ.ts'

const names = {
  META: { until: null, was: [{ symbol: 'FB', to: '2022-06-08' }] },
  GONE: {
    until: '2024-05-02',
    was: [
      { symbol: 'OLD', to: '2010-01-05' },
      { symbol: 'OLDER', to: '2012-02-03' },
    ],
  },
}

test('names: a company is asked for under the ticker it had on the day', () => {
  expect(tickerOn({ names }, 'META', '2022-06-08')).toBe('FB')
  expect(tickerOn({ names }, 'META', '2022-06-09')).toBe('META')
  expect(['2010-01-05', '2010-01-06', '2012-02-04'].map((dt) => tickerOn({ names }, 'GONE', dt))).toEqual([
    'OLD',
    'OLDER',
    'GONE',
  ])
  expect(tickerOn({ names }, 'AAPL', '1999-01-01')).toBe('AAPL')
})

test('names: a ticker lasts until the next name, the end of the company, or for ever', () => {
  expect(tickerUntil({ names }, 'META', '2020-01-01')).toBe('2022-06-08')
  expect(tickerUntil({ names }, 'META', '2023-01-01')).toBeNull()
  expect(tickerUntil({ names }, 'GONE', '2023-01-01')).toBe('2024-05-02')
  expect(tickerUntil({ names }, 'AAPL', '2023-01-01')).toBeNull()
  expect(tickersOf({ names }, 'GONE')).toEqual(['OLD', 'OLDER', 'GONE'])
})

test('names: an OCC symbol gives root, expiration, right and strike, and nothing else passes for one', () => {
  expect(occParts('AAPL240119C00300000')).toEqual({
    root: 'AAPL',
    expiration: '2024-01-19',
    right: 'call',
    strike: 300,
  })
  expect(occParts('BRKB251219P00402500')).toMatchObject({ root: 'BRKB', right: 'put', strike: 402.5 })
  expect(occParts('AAPL1240119C00000500')).toMatchObject({ root: 'AAPL1', strike: 0.5 })
  expect(occParts('2SPY261218P00400000')).toMatchObject({ root: '2SPY', expiration: '2026-12-18', strike: 400 })
  for (const text of [
    'AAPL',
    'AAPL240230C00300000',
    'AAPL240119X00300000',
    'O:AAPL240119C00300000',
    'AAPL 240119C00300000',
    '2GOOGL7240119C00300000',
  ]) {
    expect(occParts(text), text).toBeNull()
  }
})

test('names: an underlier is the same in every spelling of its class, and no other one is', () => {
  for (const said of ['BRK.B', 'BRKB', 'BRK/B', 'BRK B', 'BRK-B'])
    expect(isSameUnderlier(said, 'BRK.B'), said).toBe(true)
  for (const said of ['BRK', 'BRK.A', 'BRKBA']) expect(isSameUnderlier(said, 'BRK.B'), said).toBe(false)
})

test('names: a contract belongs to a session from the expiration back to the days that are wanted', () => {
  expect(isCollected('2024-07-19', '2024-07-19', 45)).toBe(true)
  expect(isCollected('2024-07-19', '2024-07-20', 45)).toBe(false)
  expect(isCollected('2024-07-19', '2024-06-04', 45)).toBe(true)
  expect(isCollected('2024-07-19', '2024-06-03', 45)).toBe(false)
})

test('names: an action of a closed day belongs to the next session', () => {
  const xnys = calendarOf('xnys')
  expect(sessionOfAction(xnys, '2024-07-03')).toBe('2024-07-03')
  expect(sessionOfAction(xnys, '2024-07-04')).toBe('2024-07-05')
  expect(sessionOfAction(xnys, '2024-06-08')).toBe('2024-06-10')
  expect(sessionOfAction(xnys, '1950-01-01')).toBeNull()
  expect(firstEffective(xnys, '2024-07-08')).toBe('2024-07-06')
  expect(firstEffective(xnys, xnys.first)).toBe(xnys.first)
})
