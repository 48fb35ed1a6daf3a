/** One list of events for the cells of several plans. */
import { readdir } from 'node:fs/promises'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { keptAnswers } from '../../functions/_catalog/kept-answers.ts'
import { chooseNext } from '../../functions/_dispatch/claim.ts'
import { dispatchNext } from '../../functions/_dispatch/dispatch.ts'
import { pageCacheFolder } from '../../functions/_lake/paths.ts'
import { audit } from '../../functions/audit.ts'
import { enqueue } from '../../functions/enqueue/index.ts'
import { EnqueueBody } from '../../functions/enqueue/request.ts'
import { syntheticActions } from '../lab/action-source.ts'
import { type BareNode, dispatched, EVENING, openBareNode, withGet } from './bare-node.ts'

const UNIVERSE = Array.from({ length: 10 }, (_, at) => ({
  symbol: `SYM${String.fromCharCode(65 + at)}`,
  // One is listed later than the first plan reaches.
  from: at === 9 ? '2024-06-03' : '2010-01-04',
  to: null,
}))
const SESSIONS = 300
const actions = syntheticActions({ seed: 3, universe: UNIVERSE, from: '2023-01-03', to: '2024-08-30' })

/** Some 2,700 days of events, of which a plan is offered 2,000; the list holds them all. */
async function opened(): Promise<BareNode> {
  const bare = await openBareNode({
    universe: UNIVERSE,
    datasets: {
      corporate_actions: { depth: { sessions: SESSIONS }, backfill: { order: 'oldest-first', recent_sessions: 0 } },
    },
    vendors: { massive: { calls_per_minute: 100 } },
    terms: { shape: { rows_per_page: 12, symbols_per_call: 1_000, pages_per_plan: 4 } },
    lab: { actions: { massive: actions }, limits: { massive: 100 } },
  })
  // The newest day goes a way of its own.
  await audit(bare.node, { at: EVENING })
  expect(await dispatchNext(bare.node, 'today')).toMatchObject({ tasks: 10, calls: 2 })
  return bare
}

const answeredOf = async ({ node }: BareNode) => {
  const [counts] = await node.db.all<{ rows: number; filled: number }>(
    sql`SELECT sum(rows) AS rows, count(*) AS filled FROM attempts WHERE outcome = 'filled'`,
  )
  return counts
}
const pagesOf = async ({ node }: BareNode): Promise<number> =>
  (await readdir(pageCacheFolder(node.lake.root), { recursive: true }).catch(() => [])).filter((name) =>
    name.endsWith('.gz'),
  ).length

test('answered plan: cells that the list of an earlier plan holds cost no call, one that was listed later among them', async () => {
  const bare = await opened()
  const first = await dispatched(bare.node)
  expect(first.calls).toBeGreaterThanOrEqual(2)
  expect(await pagesOf(bare)).toBe(first.calls)
  const second = await dispatched(bare.node)
  expect(second).toMatchObject({ calls: 0, settled: true })
  expect(first.tasks + second.tasks).toBe(9 * (SESSIONS - 1) + 22)
  expect(bare.lab.massive.stats().calls).toBe(2 + first.calls)
  const alone = await asked(await opened())
  expect(await answeredOf(bare)).toEqual(alone)
})

/** What is there when every plan asks its own question. */
async function asked(bare: BareNode) {
  for (let plans = 0; plans < 2; plans++) {
    expect((await dispatched(bare.node)).calls).toBeGreaterThanOrEqual(2)
    await bare.node.answers.forgetAll()
    expect(await pagesOf(bare)).toBe(0)
  }
  return await answeredOf(bare)
}

test('answered plan: a person who asks again hears the vendor, not what is kept', async () => {
  const bare = await opened()
  await dispatched(bare.node)
  const body = EnqueueBody.parse({
    dataset: 'corporate_actions',
    symbols: 'all',
    from: '2024-07-01',
    to: '2024-07-03',
    again: true,
  })
  await enqueue(bare.node, body)
  expect(await pagesOf(bare)).toBe(0)
  expect((await dispatched(bare.node)).calls).toBeGreaterThanOrEqual(2)
})

test('answered plan: after a restart what is left is asked for anew, and nothing twice', async () => {
  const bare = await opened()
  const first = await dispatched(bare.node)
  const second = await dispatched({ ...bare.node, answers: keptAnswers() })
  expect(second.calls).toBeGreaterThanOrEqual(2)
  expect(first.tasks + second.tasks).toBe(9 * (SESSIONS - 1) + 22)
})

test('answered plan: nobody asks for what a list under way holds', async () => {
  const bare = await opened()
  const chosen: unknown[] = []
  const watched = withGet(bare.node, (get) => async (request) => {
    chosen.push(await chooseNext(bare.node, null))
    return await get(request)
  })
  const first = await dispatched(watched)
  expect(chosen).toEqual(Array(first.calls).fill({ nextAt: expect.any(Number) }))
  expect((await dispatched(bare.node)).calls).toBe(0)
})
