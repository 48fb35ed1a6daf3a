import { expect, test } from 'vitest'
import { dispatchNext } from '../../functions/_dispatch/dispatch.ts'
import { audit } from '../../functions/audit.ts'
import { openBareNode } from '../_dispatch/bare-node.ts'

const SYMBOLS = ['AAPL', 'AMD', 'BA', 'CAT', 'KO', 'MSFT', 'NVDA', 'QQQ', 'SPY', 'XOM']
const SESSIONS = 160
const ROWS_PER_PAGE = 50
const LATENCY_MS = 400

test('full pages: a backlog of more calls than a minute allows is worked off in pages that are full', async () => {
  const { node, lab, clock } = await openBareNode({
    symbols: SYMBOLS,
    // At the border of recent sessions pages are not full.
    datasets: {
      equities_bars: { depth: { sessions: SESSIONS }, backfill: { order: 'oldest-first', recent_sessions: 0 } },
    },
    vendors: { alpaca: { calls_per_minute: 15, today_share: 0 } },
    terms: { shape: { rows_per_page: ROWS_PER_PAGE, symbols_per_call: 5, pages_per_plan: 4 } },
    lab: { limits: { alpaca: 15 } },
  })
  for (const connection of node.vendors) {
    const { get: getOf } = connection
    connection.get = (lane) => async (request) => {
      const answer = await getOf(lane)(request)
      await clock.sleep(LATENCY_MS)
      return answer
    }
  }
  const evening = clock.now()
  await audit(node, { at: evening })
  for (;;) {
    const done = await dispatchNext(node, null, evening)
    if ('vendor' in done) continue
    if (done.nextAt === null) break
    await clock.sleep(Math.max(1, done.nextAt - clock.now()))
  }
  const { calls, violations } = lab.alpaca.stats()
  expect(violations).toBe(0)
  expect(calls).toBeLessThanOrEqual(1.1 * ((SYMBOLS.length * SESSIONS) / ROWS_PER_PAGE))
})
