import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { listOverflow } from '../../db/backlog-overflow/backlog-overflow.ts'
import { countOpenByMonth, countOpenTasks } from '../../db/gap-tasks/count-tasks.ts'
import { splitTasks } from '../../db/gap-tasks/split-tasks.ts'
import { refillQueue } from '../../functions/_audit/refill-queue.ts'
import type { Node } from '../../functions/_http/node.ts'
import { audit } from '../../functions/audit.ts'
import { dispatchOneTask } from '../../functions/dispatch-one-task.ts'
import { type BareNodeTerms, EVENING, openBareNode } from '../_dispatch/bare-node.ts'

/** Three symbols by sixty sessions, of which the queue holds a part. */
async function audited(holds: number, terms: BareNodeTerms = {}) {
  const bare = await openBareNode({
    datasets: { equities_bars: { depth: { sessions: 60 } } },
    change: (config) => ({ ...config, maxOpenTasks: holds }),
    terms: { shape: { rows_per_page: 10, symbols_per_call: 5, pages_per_plan: 1 } },
    ...terms,
  })
  return { ...bare, ...(await audit(bare.node, { at: EVENING })) }
}

test('refill queue: a backlog larger than the queue is worked off in one night, and the queue never holds more than it may', async () => {
  const { node, clock, enqueued } = await audited(40)
  expect(enqueued).toBe(40)
  let most = 0
  for (;;) {
    const done = await dispatchOneTask(node, { dryRun: false, at: EVENING })
    most = Math.max(most, await countOpenTasks(node.db))
    if ('vendor' in done) continue
    if (done.nextAt === null) break
    await clock.sleep(Math.max(1, done.nextAt - clock.now()))
  }
  const [filled] = await node.db.all(sql`SELECT count(*) AS cells FROM attempts WHERE digest IS NOT NULL`)
  expect(filled).toEqual({ cells: 180 })
  expect(most).toBeLessThanOrEqual(40)
  expect(await listOverflow(node.db)).toEqual([])
})

/** Each day a task of its own, so that some of them can be taken away. */
const splitAll = (node: Node): Promise<unknown> => node.db.write(splitTasks(sql`SELECT id FROM gap_tasks`))

test('refill queue: what is open already takes no room from what is not queued yet, however old it is', async () => {
  const { node } = await audited(40)
  await splitAll(node)
  // The oldest cells of the backlog stay on the queue, because nobody may take them now.
  await node.db.write([
    sql`UPDATE gap_tasks SET next_at = ${EVENING + 86_400_000}, blocked_for = '*', blocked_until = ${EVENING + 86_400_000}
    WHERE id IN (SELECT id FROM gap_tasks WHERE lane = 'backfill' ORDER BY dt LIMIT 15)`,
  ])
  await node.db.write([sql`DELETE FROM gap_tasks WHERE lane = 'backfill' AND blocked_for = ''`])
  const before = await countOpenTasks(node.db)
  expect(before).toBe(15)
  await Promise.all([refillQueue(node), refillQueue(node)])
  expect(await countOpenTasks(node.db)).toBe(40)
})

test('refill queue: a queue that is more than half full is left alone', async () => {
  const { node } = await audited(40)
  await splitAll(node)
  await node.db.write([sql`DELETE FROM gap_tasks WHERE id IN (SELECT id FROM gap_tasks ORDER BY id LIMIT 15)`])
  await refillQueue(node)
  expect(await countOpenTasks(node.db)).toBe(25)
})

test('refill queue: a cap per run holds for all that is brought in after one audit', async () => {
  const backfill = { order: 'oldest-first', max_tasks_per_run: 60, recent_sessions: 60 } as const
  const { node } = await audited(40, {
    datasets: { equities_bars: { depth: { sessions: 60 }, backfill } },
  })
  expect(await listOverflow(node.db)).toMatchObject([{ dataset: 'equities_bars', asOf: EVENING, allowed: 20 }])
  await node.db.write([sql`DELETE FROM gap_tasks`])
  await refillQueue(node)
  expect(await countOpenTasks(node.db)).toBe(20)
  expect(await listOverflow(node.db)).toEqual([])
})

test('refill queue: when everything fits nothing is noted', async () => {
  const { node, enqueued } = await audited(250_000)
  expect(enqueued).toBe(180)
  expect(await listOverflow(node.db)).toEqual([])
})

async function openOf(node: Node): Promise<Record<string, number>> {
  const open: Record<string, number> = {}
  for (const { dataset, cells } of await countOpenByMonth(node.db)) open[dataset] = (open[dataset] ?? 0) + cells
  return open
}

const TWO = { equities_bars: { depth: { sessions: 60 } }, equities_bars_minute: { depth: { sessions: 60 } } }
/** A page holds a session of minutes. */
const terms = { shape: { rows_per_page: 1_000, symbols_per_call: 5, pages_per_plan: 1 } }

test('refill queue: an audit gives each dataset its share of the queue, however large the backlog of the first is', async () => {
  const { node } = await audited(40, { datasets: TWO, terms })
  expect(await openOf(node)).toEqual({ equities_bars: 20, equities_bars_minute: 20 })
})

test('refill queue: what a dataset does not need of its share is left to the others', async () => {
  const { node } = await audited(40, { datasets: { ...TWO, equities_bars: { depth: { sessions: 2 } } }, terms })
  expect(await openOf(node)).toEqual({ equities_bars: 6, equities_bars_minute: 34 })
})

test('refill queue: cells that no vendor takes now keep no other dataset out of the queue', async () => {
  const { node } = await audited(40, { datasets: TWO, terms })
  const later = EVENING + 86_400_000
  await node.db.write([
    sql`UPDATE gap_tasks SET next_at = ${later}, blocked_for = '*', blocked_until = ${later} WHERE dataset = 'equities_bars_minute'`,
    sql`DELETE FROM gap_tasks WHERE dataset = 'equities_bars'`,
  ])
  await refillQueue(node)
  expect(await openOf(node)).toEqual({ equities_bars: 20, equities_bars_minute: 20 })
})

/** Days and cells of the backlog by priority. */
const backlogOf = (node: Node) =>
  node.db.all(sql`SELECT min(dt) AS first, max(dt) AS last, sum(cells) AS cells FROM gap_tasks
    WHERE lane = 'backfill' GROUP BY priority ORDER BY priority DESC`)

test('refill queue: recent sessions and older ones each have a share of the queue, and recent ones the higher priority', async () => {
  const backfill = { order: 'oldest-first', recent_sessions: 20 } as const
  const { node } = await audited(40, { datasets: { equities_bars: { depth: { sessions: 120 }, backfill } } })
  expect(await backlogOf(node)).toMatchObject([
    { first: '2024-06-03', cells: 20 },
    { first: '2024-01-12', cells: 20 },
  ])
  expect(await listOverflow(node.db)).toHaveLength(2)
})

test('refill queue: days that other vendors can serve have a share of their own', async () => {
  const { node } = await audited(40, {
    datasets: { equities_bars: { depth: { sessions: 120 }, backfill: { order: 'oldest-first', recent_sessions: 0 } } },
    change: (config) => {
      const { alpaca } = config.vendors
      const bars = { ...alpaca!.datasets.equities_bars!, history: { from: '2024-05-01' } }
      const vendors = { ...config.vendors, alpaca: { ...alpaca!, datasets: { equities_bars: bars } } }
      return { ...config, maxOpenTasks: 40, vendors }
    },
  })
  const days = await node.db.all<{ dt: string }>(sql`SELECT dt FROM gap_tasks WHERE lane = 'backfill' ORDER BY dt`)
  expect(days.some(({ dt }) => dt < '2024-02-01')).toBe(true)
  expect(days.some(({ dt }) => dt.startsWith('2024-05'))).toBe(true)
  // What is done of one range is brought in from that range.
  await node.db.write([sql`DELETE FROM gap_tasks WHERE dt >= '2024-05-01'`])
  await refillQueue(node)
  const [refilled] = await node.db.all(sql`SELECT min(dt) AS dt FROM gap_tasks WHERE dt >= '2024-05-01'`)
  expect(refilled).toEqual({ dt: '2024-05-01' })
  expect(await countOpenTasks(node.db)).toBeLessThanOrEqual(40)
})

test('refill queue: days of events take a twentieth of a place', async () => {
  const { node } = await audited(40, { datasets: { corporate_actions: { depth: { sessions: 400 } } } })
  const open = await countOpenTasks(node.db)
  expect(open).toBeGreaterThan(700)
  expect(open).toBeLessThanOrEqual(800)
})
