import { expect, test } from 'vitest'
import type { DatasetConfig } from '../../config/schema.ts'
import { backlogRanges } from '../../functions/_audit/backlog-ranges.ts'
import { openBareNode } from '../_dispatch/bare-node.ts'

const ASOF = '2024-07-05'

async function rangesOf(backfill: Partial<DatasetConfig['backfill']>, histories: Record<string, string>) {
  const { node } = await openBareNode({
    change: (config) => ({
      ...config,
      vendors: Object.fromEntries(
        Object.entries(config.vendors).map(([name, vendor]) => [
          name,
          {
            ...vendor,
            datasets: {
              equities_bars: { ...vendor.datasets.equities_bars!, history: { from: histories[name] ?? '1990-01-02' } },
            },
          },
        ]),
      ),
    }),
  })
  const spec = node.config.datasets.equities_bars!
  const wanted = { ...spec, backfill: { ...spec.backfill, ...backfill } }
  return backlogRanges(node, 'equities_bars', wanted, ASOF).map(({ fromDt, toDt, isRecent }) =>
    [fromDt, toDt, isRecent ? 'recent' : ''].join(' ').trim(),
  )
}

test('backlog ranges: the months of the newest sessions come first, then days by the vendors whose history reaches them', async () => {
  expect(await rangesOf({ recent_sessions: 20 }, { alpaca: '2016-01-01', massive: '2022-07-05' })).toEqual([
    '2024-06-01 2024-07-05 recent',
    '2016-01-01 2022-07-04',
    '2022-07-05 2024-05-31',
  ])
})

test('backlog ranges: without recent sessions, and where histories begin alike, all days are one range', async () => {
  expect(await rangesOf({ recent_sessions: 0 }, { alpaca: '2016-01-01', massive: '2016-01-01' })).toEqual([
    '2016-01-01 2024-07-05',
  ])
})

test('backlog ranges: where the newest days come first, so do their ranges', async () => {
  expect(
    await rangesOf({ order: 'newest-first', recent_sessions: 20 }, { alpaca: '2016-01-01', massive: '2022-07-05' }),
  ).toEqual(['2022-07-05 2024-07-05', '2016-01-01 2022-07-04'])
})

test('backlog ranges: a history that begins within the recent sessions leaves no older range of its own', async () => {
  expect(await rangesOf({ recent_sessions: 20 }, { alpaca: '2016-01-01', massive: '2024-06-10' })).toEqual([
    '2024-06-01 2024-07-05 recent',
    '2016-01-01 2024-05-31',
  ])
})

test('backlog ranges: a history that begins after the newest session has none', async () => {
  expect(await rangesOf({}, { alpaca: '2025-01-01', massive: '2025-01-01' })).toEqual([])
})
