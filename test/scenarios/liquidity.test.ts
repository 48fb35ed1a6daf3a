import { sql } from 'drizzle-orm'
import { expect, test, vi } from 'vitest'
import { listAttempts } from '../../db/attempts/list-attempts.ts'
import { findMonth } from '../../db/coverage/find-month.ts'
import { listShares, recordBaselines } from '../../db/liquidity/liquidity.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { shortfallOf } from '../../functions/_expected/liquidity.ts'
import type { Node } from '../../functions/_http/node.ts'
import { dayBit } from '../../functions/_market/dt.ts'
import { audit } from '../../functions/audit.ts'
import { curateOnePartition } from '../../functions/curate-partition/index.ts'
import { qcPartition } from '../../functions/qc-partition/index.ts'
import { explanationOf } from '../../functions/why/explanation.ts'
import { drain, openBareNode } from '../_dispatch/bare-node.ts'
import { freshDb } from '../db/temp-db.ts'
import { syntheticBars } from '../lab/synthetic.ts'

// Whole nodes and nights are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const DATASET = 'equities_bars_minute'
const NEXT = '2024-07-08'
const TOLERANCE = { amber_below: 0.98, red_below: 0.8 }

test.each([
  ['a liquid name with all its minutes', 390, 390, 1, 'none'],
  ['a liquid name cut off after 200 minutes', 200, 390, 1, 'short'],
  ['a liquid name that lacks a tenth', 350, 390, 1, 'missing'],
  ['a name with 310 minutes a day at 310', 310, 310, 310 / 390, 'none'],
  ['a name with 310 minutes a day at 295: chance', 295, 310, 310 / 390, 'missing'],
  ['a name with 310 minutes a day at 150', 150, 310, 310 / 390, 'short'],
  ['a name with 20 minutes a day at 12: chance', 12, 20, 20 / 390, 'missing'],
])('liquidity: %s', (_name, rows, expected, share, verdict) => {
  expect(shortfallOf({ rows, expected, sessionMinutes: 390, share }, TOLERANCE)).toBe(verdict)
})

test('liquidity: newer days replace a stored baseline, older ones do not', async () => {
  const db = await freshDb()
  const baseline = (share: number, days: number, through: string) => [{ symbol: 'AAPL', share, days, through }]
  await recordBaselines(db, DATASET, baseline(0.8, 5, '2024-07-05'))
  await recordBaselines(db, DATASET, baseline(0.2, 9, '2024-07-03'))
  expect(await listShares(db, DATASET, 3)).toEqual(new Map([['AAPL', 0.8]]))
  expect(await listShares(db, DATASET, 6)).toEqual(new Map())
  await recordBaselines(db, DATASET, baseline(0.7, 6, '2024-07-08'))
  expect(await listShares(db, DATASET, 3)).toEqual(new Map([['AAPL', 0.7]]))
})

async function untilIdle(run: (node: Node, body: object) => Promise<{ more: boolean }>, node: Node): Promise<void> {
  while ((await run(node, {})).more);
}

test('liquidity: a night learns what each symbol trades; the next one holds answers to it and asks elsewhere for one that is cut off', async () => {
  const universe = [
    { symbol: 'AAPL', from: '2010-01-04', to: null },
    { symbol: 'MSFT', from: '2010-01-04', to: null },
    { symbol: 'THIN', from: '2010-01-04', to: null, thin: true },
  ]
  const { node, clock, lab } = await openBareNode({
    universe: universe.map(({ symbol, from, to }) => ({ symbol, from, to })),
    bars: (vendor) =>
      syntheticBars({
        seed: 7,
        universe,
        vendor,
        holes: [
          { vendor: 'alpaca', dataset: DATASET, symbol: 'MSFT', dt: NEXT, kind: 'partial' },
          { vendor: 'alpaca', dataset: DATASET, symbol: 'AAPL', dt: NEXT, kind: 'partial' },
          { vendor: 'massive', dataset: DATASET, symbol: 'AAPL', dt: NEXT, kind: 'partial' },
        ],
      }),
    datasets: { [DATASET]: { depth: { sessions: 5 } } },
  })
  const night = async () => {
    await audit(node, {})
    await drain({ node, clock, lab } as never)
    await untilIdle(curateOnePartition, node)
    await untilIdle(qcPartition, node)
  }
  const storyAt = (symbol: string, dt: string) =>
    explanationOf(node, { dataset: DATASET, spec: node.config.datasets[DATASET]!, symbol, dt })
  await night()
  const shares = await listShares(node.db, DATASET, 3)
  const thin = shares.get('THIN') as number
  expect(shares.get('AAPL')).toBe(1)
  expect(thin).toBeGreaterThan(0.4)
  expect(thin).toBeLessThan(0.9)

  await clock.sleep(instantOf(NEXT, '20:30') - clock.now())
  await audit(node, {})
  const queued = await node.db.all<{ symbol: string; rows: number }>(
    sql`SELECT symbol, expected_rows AS rows FROM gap_tasks WHERE dt = ${NEXT} ORDER BY symbol`,
  )
  const usual = Math.round(thin * 390)
  expect(queued.map(({ symbol, rows }) => [symbol, rows])).toEqual([
    ['AAPL', 390],
    ['MSFT', 390],
    ['THIN', usual],
  ])
  expect((await storyAt('THIN', NEXT)).expected.rows).toEqual({
    expected: usual,
    sentence: expect.stringMatching(/^of the 390 minutes .* usually trades in .* newest days up to 2024-07-05$/),
  })
  await night()
  const asked = await listAttempts(
    node.db,
    DATASET,
    universe.map(({ symbol }) => ({ symbol, dt: NEXT })),
  )
  const said = asked.map(({ symbol, vendor, outcome }) => `${symbol} ${vendor} ${outcome}`).sort()
  expect(said).toEqual([
    'AAPL alpaca short',
    'AAPL massive short',
    'MSFT alpaca short',
    'MSFT massive filled',
    'THIN alpaca filled',
  ])
  const isShort = async (symbol: string) =>
    ((await findMonth(node.db, DATASET, symbol, NEXT.slice(0, 7)))!.short & dayBit(NEXT)) !== 0
  expect([await isShort('AAPL'), await isShort('MSFT'), await isShort('THIN')]).toEqual([true, false, false])
})
