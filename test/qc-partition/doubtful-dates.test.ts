import { expect, test } from 'vitest'
import { replaceClosedDayBars } from '../../db/closed-day-bars/closed-day-bars.ts'
import type { Node } from '../../functions/_http/node.ts'
import { doubtfulDates } from '../../functions/qc-partition/doubtful-dates.ts'
import { masksConfig, masksNode } from '../coverage/node-with-masks.ts'
import { freshDb, NOW } from '../db/temp-db.ts'

const SUNDAY = '2024-12-29'

async function nodeWithSundayBar(): Promise<Node> {
  const db = await freshDb()
  const found = [{ symbol: 'AAPL', dt: SUNDAY }]
  const range = { symbols: ['AAPL'], from: '2024-12-01', to: '2025-01-31' }
  await replaceClosedDayBars(db, { dataset: 'equities_bars', vendor: 'alpaca', ...range, found, now: NOW })
  return masksNode(db, await masksConfig(1))
}

test('doubtful dates: five sessions on both sides of the closed day, those of this vendor and symbol alone', async () => {
  const isDoubtful = await doubtfulDates(await nodeWithSundayBar(), 'equities_bars', '2024-01-01', '2024-12-31')
  const days = ['2024-12-19', '2024-12-20', '2024-12-27', '2024-12-30', '2024-12-31']
  expect(days.filter((dt) => isDoubtful('AAPL', dt, 'alpaca'))).toEqual(days.slice(1))
  expect(isDoubtful('AAPL', '2024-12-30', 'massive')).toBe(false)
  expect(isDoubtful('MSFT', '2024-12-30', 'alpaca')).toBe(false)
  expect(isDoubtful('AAPL', '2024-12-30', undefined)).toBe(true)
})

test('doubtful dates: a closed day of the year before counts in the next', async () => {
  const isDoubtful = await doubtfulDates(await nodeWithSundayBar(), 'equities_bars', '2025-01-01', '2025-12-31')
  expect(['2025-01-02', '2025-01-06', '2025-01-07'].map((dt) => isDoubtful('AAPL', dt, 'alpaca'))).toEqual([
    true,
    true,
    false,
  ])
})
