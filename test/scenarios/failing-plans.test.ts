import { LibsqlError } from '@libsql/client'
import { sql } from 'drizzle-orm'
import { describe, expect, test, vi } from 'vitest'
import type { Db } from '../../db/client.ts'
import { dispatchNext } from '../../functions/_dispatch/dispatch.ts'
import type { Node } from '../../functions/_http/node.ts'
import type { Connector, Want } from '../../functions/_vendors/vendor.ts'
import { audit } from '../../functions/audit.ts'
import { dispatchOneTask } from '../../functions/dispatch-one-task.ts'
import { ingestTick } from '../../functions/ingest-tick.ts'
import { ASOF, type BareNode, openBareNode } from '../_dispatch/bare-node.ts'
import { snapshot } from '../db/temp-db.ts'

vi.setConfig({ testTimeout: 120_000 })

const SYMBOLS = Array.from({ length: 40 }, (_, at) => `S${String(at).padStart(2, '0')}`)
const POISON = 'S17'
const isPoison = ({ symbol }: Want): boolean => symbol === POISON

async function openAudited(): Promise<BareNode> {
  const bare = await openBareNode({
    symbols: SYMBOLS,
    datasets: { equities_bars: { depth: { sessions: 3 } }, macro_treasury: { depth: { sessions: 3 } } },
    vendors: { alpaca: {}, fred: {} },
  })
  await audit(bare.node, {})
  return bare
}

/** The same node with connectors that have a bug. */
const withBug = (node: Node, bug: (connector: Connector) => Partial<Connector>): Node => ({
  ...node,
  vendors: node.vendors.map((connection) => {
    const connector =
      connection.name === 'alpaca' ? { ...connection.connector, ...bug(connection.connector) } : connection.connector
    return { ...connection, connector }
  }),
})

/** Dispatches, and lets the time pass, until nothing is to be had within a day. */
async function dispatchAll(node: Node, { clock }: BareNode): Promise<void> {
  for (let turns = 0; turns < 400; turns++) {
    const done = await dispatchOneTask(node, { dryRun: false })
    if (done.more) continue
    if (done.nextAt === null || done.nextAt > clock.now() + 86_400_000) return
    await clock.sleep(Math.max(1, done.nextAt - clock.now()))
  }
  throw new Error('expected the queue to run dry')
}

const logged = ({ log }: BareNode, ...words: string[]): boolean =>
  log.some((line) => words.every((word) => line.includes(word)))

const missing = async ({ db }: Node): Promise<unknown[]> =>
  (
    await db.all<{ symbol: string }>(sql`SELECT DISTINCT symbol FROM gap_tasks WHERE state <> 'done' ORDER BY symbol`)
  ).map(({ symbol }) => symbol)

describe('failing plans: a plan that throws does not stop the others', () => {
  test('when it is made: what it throws for is planned around and counted, everything else is filled', async () => {
    const bare = await openAudited()
    const node = withBug(bare.node, (connector) => ({
      plan: (head, others, terms) => {
        if (isPoison(head) || others.some(isPoison)) throw new TypeError('a calendar that ends')
        return connector.plan(head, others, terms)
      },
    }))
    await dispatchAll(node, bare)
    expect(await missing(node)).toEqual([POISON])
    expect(logged(bare, 'dispatch.plan_failed', 'a calendar that ends')).toBe(true)
    const [worst] = await node.db.all<{ attempts: number }>(
      sql`SELECT max(attempts) AS attempts FROM gap_tasks WHERE symbol <> ${POISON}`,
    )
    expect(worst?.attempts).toBeLessThanOrEqual(1)
    expect(await node.db.all(sql`SELECT * FROM leases`)).toEqual([])
  })

  test('when its answer is read: its tasks wait, go out in smaller plans, and all but the one are filled', async () => {
    const bare = await openAudited()
    const node = withBug(bare.node, (connector) => ({
      ask: (plan, terms, get) => {
        if (plan.wants.some(isPoison)) throw new TypeError('a row of a kind nobody knew')
        return connector.ask(plan, terms, get)
      },
    }))
    const first = await dispatchNext(node, null)
    expect(first).toMatchObject({ failed: expect.stringMatching(/a row of a kind nobody knew/), settled: false })
    const tasks = await node.db.all<{ state: string; attempts: number; wait: number }>(
      sql`SELECT state, attempts, min(next_at) - ${bare.clock.now()} AS wait FROM gap_tasks WHERE attempts > 0`,
    )
    expect(tasks).toEqual([{ state: 'queued', attempts: 1, wait: 30_000 }])
    // The other dataset's turn comes at once.
    expect(await dispatchNext(node, null)).toMatchObject({ dataset: 'macro_treasury', settled: true })
    await dispatchAll(node, bare)
    expect(await missing(node)).toEqual([POISON])
    const poisoned = await node.db.all<{ state: string }>(
      sql`SELECT DISTINCT state FROM gap_tasks WHERE symbol = ${POISON} AND state <> 'done'`,
    )
    expect(poisoned).toEqual([{ state: 'stalled' }])
  })

  test('a dataset whose vendors cannot be compared is passed over', async () => {
    const bare = await openAudited()
    const { equities_bars, ...others } = bare.node.config.datasets
    const broken = { ...equities_bars!, calendar: 'nowhere' as 'xnys' }
    const node = { ...bare.node, config: { ...bare.node.config, datasets: { equities_bars: broken, ...others } } }
    expect(await dispatchNext(node, null)).toMatchObject({ dataset: 'macro_treasury' })
    expect(logged(bare, 'dispatch.candidate_failed', 'equities_bars')).toBe(true)
  })
})

describe("failing plans: a fault of the node's own disk or database is no try of a task", () => {
  /** A database whose disk fails at its n-th write from now, and so many times. */
  const failing = (db: Db, from: number, times: number): Db => {
    let writes = 0
    const eio = <Terms extends unknown[], Answer>(write: (...terms: Terms) => Promise<Answer>) => {
      return async (...terms: Terms): Promise<Answer> => {
        writes += 1
        if (writes >= from && writes < from + times) throw new LibsqlError('disk I/O error', 'SQLITE_IOERR')
        return await write(...terms)
      }
    }
    return { ...db, change: eio(db.change), write: eio(db.write) }
  }

  test.each([
    ['once', 1],
    ['and goes on failing while the tasks are given back', 3],
  ])('the disk fails %s', async (_how, times) => {
    for (let from = 1; ; from++) {
      const { node: whole } = await openAudited()
      const node = { ...whole, db: failing(whole.db, from, times) }
      const ended = await dispatchNext(node, null).catch((error: unknown) => error)
      // What could not be given back at once is at one of the next looks.
      for (let looks = 0; looks < times; looks++) await dispatchNext(node, 'today').catch(() => undefined)
      expect(await whole.db.all(sql`SELECT * FROM leases`)).toEqual([])
      const burnt = await whole.db.all(sql`SELECT symbol, dt FROM gap_tasks WHERE state <> 'done' AND attempts > 0`)
      expect(burnt, `write ${from}`).toEqual([])
      if (!(ended instanceof Error)) break
      expect(from).toBeLessThan(20)
    }
  })
})

describe('failing plans: one dataset that throws does not stop the others', () => {
  const withBrokenBars = ({ node }: BareNode): Node => {
    const { equities_bars, ...others } = node.config.datasets
    const broken = { ...equities_bars!, calendar: 'nowhere' as 'xnys' }
    return { ...node, config: { ...node.config, datasets: { equities_bars: broken, ...others } } }
  }
  const openOneSymbol = () =>
    openBareNode({
      symbols: ['AAPL'],
      datasets: { equities_bars: { depth: { sessions: 3 } }, macro_treasury: { depth: { sessions: 3 } } },
      vendors: { alpaca: {}, fred: {} },
    })

  test('in the audit, which is not ok and forgets nothing', async () => {
    const bare = await openOneSymbol()
    await audit(bare.node, {})
    const partitions = async () => (await snapshot(bare.node.db)).partitions
    const before = await partitions()
    const audited = await audit(withBrokenBars(bare), {})
    expect(audited).toMatchObject({ ok: false, asof: ASOF, retired: 0 })
    expect(audited.error).toMatch(/equities_bars: /)
    expect(await partitions()).toEqual(before)
    expect(await audit(bare.node, {})).not.toHaveProperty('ok')
  })

  test('in a tick', async () => {
    const bare = await openOneSymbol()
    const ticked = await ingestTick(withBrokenBars(bare), {})
    // The yields of all three days: where nothing is known of them, a tick asks for their history.
    expect(ticked).toMatchObject({ ok: false, filled: 3 })
    expect(ticked.error).toMatch(/equities_bars: /)
    expect(logged(bare, 'ingest.dataset_failed', 'equities_bars')).toBe(true)
  })
})
