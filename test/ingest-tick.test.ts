import { expect, test } from 'vitest'
import { instantOf } from '../functions/_calendar/zone.ts'
import { ingestTick } from '../functions/ingest-tick.ts'
import { EVENING, openBareNode } from './_dispatch/bare-node.ts'

const SERIES = 11
const withYields = (backfill: object = {}) =>
  openBareNode({
    symbols: ['AAPL'],
    datasets: {
      equities_bars: { depth: { sessions: 30 } },
      macro_treasury: {
        depth: { sessions: 30 },
        backfill: { order: 'oldest-first', recent_sessions: 60, ...backfill },
      },
    },
    vendors: { alpaca: {}, fred: {} },
  })

test('ingest-tick: the first call for a series asks for its history too, behind the newest day of everything', async () => {
  const { node, clock, lab, log } = await withYields()
  expect(await ingestTick(node, { at: EVENING })).toMatchObject({ enqueued: 1 + 30, filled: 1 + 30, calls: 1 + SERIES })
  const answered = log.filter((line) => line.includes('dispatch.answered')).map((line) => JSON.parse(line).dataset)
  expect(answered).toEqual(['equities_bars', 'macro_treasury'])
  // What is known already is not asked for with the next day.
  const monday = instantOf('2024-07-08', '20:30')
  await clock.sleep(monday - clock.now())
  expect(await ingestTick(node, { at: monday })).toMatchObject({ enqueued: 2, filled: 2 })
  expect(lab.fred.stats().calls).toBe(2 * SERIES)
})

test('ingest-tick: only the newest day of a series is asked for where the backlog of a run is capped', async () => {
  const { node } = await withYields({ max_tasks_per_run: 5 })
  expect(await ingestTick(node, { at: EVENING })).toMatchObject({ enqueued: 2, filled: 2 })
})
