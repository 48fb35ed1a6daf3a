import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { curatedFile, ledgerFile, ledgerFragment } from '../../functions/_lake/paths.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import type { BarSource } from '../lab/lab.ts'
import { ASOF, bars, FIRST, SESSIONS, type SmallTerms, startTestNode, type TestNode, UNIVERSE } from '../test-node.ts'

// Whole nodes and nights are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let node: TestNode
const setup = async (terms?: SmallTerms): Promise<TestNode> => {
  node = await startTestNode(terms)
  return node
}
afterEach(() => node.remove())

const ledger = async (): Promise<{ cell: string; status: string; vendor: string | null }[]> =>
  await node
    .running()
    .node.lake.duck.all(
      `SELECT dataset || ' ' || symbol || ' ' || dt AS cell, status, vendor FROM read_parquet(${sqlText(ledgerFile(join(node.root, 'data_layer')))}) ORDER BY ALL`,
    )

test('night: a night ends with every expected cell in the ledger, and a bundle', async () => {
  await setup()
  const endings = await node.night()
  expect(endings.every(({ ok }) => ok)).toBe(true)
  const cells = await ledger()
  expect(cells).toHaveLength(3 * SESSIONS)
  expect(cells.every(({ status }) => status === 'GREEN')).toBe(true)
  expect(existsSync(join(node.root, 'exports/latest/SHA256SUMS'))).toBe(true)
})

test('night: after a night, each function called again changes nothing and asks nobody', async () => {
  await setup()
  await node.night()
  const before = await node.databaseText()
  const asked = node.asked()
  for (const name of [
    'ingest-tick',
    'audit',
    'dispatch-one-task',
    'curate-partition',
    'qc-partition',
    'export',
    'reference',
    'sweep',
  ]) {
    for (let time = 0; time < 2; time++) {
      const { status, body } = await node.post(`/${name}`)
      expect(status, name).toBe(200)
      expect(body, name).toMatchObject({ ok: true, more: false })
    }
    expect(await node.databaseText(), name).toBe(before)
  }
  expect(node.asked()).toBe(asked)
  expect((await node.post('/export')).body).toMatchObject({ verdict: 'unchanged' })
})

test('night: a night played twice is the night played once', async () => {
  await setup()
  await node.night()
  const { body } = await node.get('/status')
  const asked = node.asked()
  await node.night()
  expect((await node.get('/status')).body).toEqual(body)
  expect(node.asked()).toBe(asked)
})

test('night: the audit counts what it expected, what is missing and what it queued, and queues it once', async () => {
  await setup()
  const { body } = await node.post('/audit')
  expect(body).toMatchObject({
    asof: ASOF,
    expected: 3 * SESSIONS,
    gaps: 3 * SESSIONS,
    enqueued: 3 * SESSIONS,
    touched: 2,
  })
  expect((await node.post('/audit')).body).toMatchObject({ gaps: 0, enqueued: 0, rechecks: 0, touched: 0 })
  await node.night()
  expect((await node.post('/audit')).body).toMatchObject({ expected: 3 * SESSIONS, gaps: 0, enqueued: 0 })
})

test('night: the audit of an earlier evening expects what was over by then', async () => {
  await setup()
  const { body } = await node.post('/audit', { at: '2025-07-01T20:30:00-04:00' })
  expect(body).toMatchObject({ asof: '2025-07-01', expected: 3 * 2 })
})

test('night: a tick brings the newest session of bars and no older one, and of yields the history as well', async () => {
  await setup()
  const { body } = await node.post('/ingest-tick')
  expect(body).toMatchObject({ asof: ASOF, enqueued: 2 + SESSIONS, filled: 2 + SESSIONS, more: false })
  const { db } = node.running().node
  const query = 'SELECT dataset, min(dt) AS dt, count(DISTINCT dt) AS days FROM attempts GROUP BY dataset'
  expect(await db.all({ toSQL: () => ({ sql: query, params: [] }) })).toEqual([
    { dataset: 'equities_bars', dt: ASOF, days: 1 },
    { dataset: 'macro_treasury', dt: FIRST, days: SESSIONS },
  ])
  expect((await node.post('/ingest-tick')).body).toMatchObject({ enqueued: 0, calls: 0 })
})

test('night: a dry run shows the ranking and the plan, and changes, sends and spends nothing', async () => {
  await setup()
  await node.post('/audit')
  const before = await node.databaseText()
  const asked = node.asked()
  const { body } = await node.post('/dispatch-one-task', { dryRun: true })
  expect(body).toMatchObject({ ok: true, more: true, head: { dt: ASOF, lane: 'today' } })
  expect(body.ranking).not.toEqual([])
  expect(body.plan).toMatchObject({ wants: expect.any(Array), cells: expect.any(Number) })
  expect(await node.databaseText()).toBe(before)
  expect(node.asked()).toBe(asked)
})

test('night: a dispatch may be kept to one lane', async () => {
  await setup()
  await node.post('/audit')
  const { body } = await node.post('/dispatch-one-task', { dryRun: true, lane: 'backfill' })
  expect(body).toMatchObject({ head: { dt: FIRST, lane: 'backfill' } })
})

test('night: with nothing to do each function says so', async () => {
  await setup()
  for (const name of ['dispatch-one-task', 'curate-partition', 'qc-partition', 'sweep']) {
    expect((await node.post(`/${name}`)).body, name).toMatchObject({ ok: true, more: false, nextAt: null })
  }
  expect((await node.post('/export')).body).toMatchObject({ ok: true, asof: ASOF, ledgerRows: 0, more: false })
})

/** A vendor that serves one day of one symbol with prices below zero. */
const withNegativePrices = (source: BarSource, symbol: string, dt: string): BarSource => ({
  ...source,
  daily: (name, from, to) =>
    source
      .daily(name, from, to)
      .map((bar) => (name === symbol && bar.dt === dt ? { ...bar, o: -1, h: -1, l: -1, c: -1, vw: -1 } : bar)),
})
const BAD = `equities_bars AAPL 2025-07-02`
const steps = (...names: string[]) => node.steps(...names)

test('night: a RED cell is held and left out of the bundle until the second opinion replaces it', async () => {
  await setup({ sources: { alpaca: withNegativePrices(bars('alpaca'), 'AAPL', '2025-07-02') } })
  await steps('ingest-tick', 'audit', 'dispatch-one-task', 'curate-partition', 'qc-partition', 'export')
  const held = (await ledger()).find(({ cell }) => cell === BAD)
  expect(held).toMatchObject({ status: 'RED', vendor: 'alpaca' })
  expect((await node.get('/status')).body.coverage).toContainEqual(
    expect.objectContaining({ dataset: 'equities_bars', held: 1, present: 2 * SESSIONS }),
  )
  expect(await exported()).toEqual({ cells: 2 * SESSIONS - 1, lowest: expect.any(Number) })
  expect((await exported()).lowest).toBeGreaterThan(0)

  await steps('dispatch-one-task', 'curate-partition', 'qc-partition', 'export')
  const replaced = (await ledger()).find(({ cell }) => cell === BAD)
  expect(replaced).toMatchObject({ status: 'GREEN', vendor: 'massive' })
  expect((await node.get('/status')).body.coverage).toContainEqual(
    expect.objectContaining({ dataset: 'equities_bars', held: 0, present: 2 * SESSIONS }),
  )
  expect((await exported()).cells).toBe(2 * SESSIONS)
  expect((await exported()).lowest).toBeGreaterThan(0)
})

test('night: a RED cell that no vendor has better stays held, and is not asked for night after night', async () => {
  const both = (vendor: 'alpaca' | 'massive') => withNegativePrices(bars(vendor), 'AAPL', '2025-07-02')
  await setup({ sources: { alpaca: both('alpaca'), massive: both('massive') } })
  await node.night()
  expect((await ledger()).find(({ cell }) => cell === BAD)).toMatchObject({ status: 'RED' })
  expect((await exported()).cells).toBe(2 * SESSIONS - 1)
  const asked = node.asked()
  await node.night()
  expect(node.asked()).toBe(asked)
})

const exported = async (): Promise<{ cells: number; lowest: number }> => {
  const file = join(node.root, 'exports/latest/curated/equities_bars/year=2025/data.parquet')
  const [row] = await node
    .running()
    .node.lake.duck.all<{ cells: number; lowest: number }>(
      `SELECT count(*) AS cells, min(low) AS lowest FROM read_parquet(${sqlText(file)})`,
    )
  return row!
}

test('night: a symbol that leaves the universe leaves the ledger and the bundle; its files stay', async () => {
  await setup()
  await node.night()
  await node.reconfigure((config) => ({ ...config, universe: config.universe.slice(0, 1) }))
  await node.night()
  expect(
    (await ledger()).filter(({ cell }) => cell.startsWith('equities_bars')).map(({ cell }) => cell.split(' ')[1]),
  ).toEqual(Array.from({ length: SESSIONS }, () => 'AAPL'))
  expect((await exported()).cells).toBe(SESSIONS)
})

test('night: a dataset that is no longer configured leaves the ledger and the work lists; its files stay', async () => {
  await setup()
  await node.night()
  const data = join(node.root, 'data_layer')
  expect(existsSync(ledgerFragment(data, 'macro_treasury', '2025'))).toBe(true)
  await node.reconfigure(({ datasets: { macro_treasury: _, ...datasets }, ...config }) => ({ ...config, datasets }))
  expect((await node.post('/audit')).body).toMatchObject({ retired: 1 })
  expect((await node.post('/audit')).body).toMatchObject({ retired: 0 })
  expect((await node.night()).every(({ ok }) => ok)).toBe(true)
  expect((await ledger()).map(({ cell }) => cell.split(' ')[0])).toEqual(
    Array.from({ length: 2 * SESSIONS }, () => 'equities_bars'),
  )
  expect(existsSync(curatedFile(data, 'macro_treasury', 'year', '2025'))).toBe(true)
  expect(existsSync(ledgerFragment(data, 'macro_treasury', '2025'))).toBe(true)
})

test('night: a partition outside the wanted depth leaves the ledger, and comes back when it is wanted again', async () => {
  await setup({ change: onlyDaily('2024-12-30') })
  await node.night()
  expect((await ledger())[0]?.cell).toBe('equities_bars AAPL 2024-12-30')
  const asked = node.asked()
  await node.reconfigure(onlyDaily('2025-01-02'))
  await node.night()
  expect((await ledger())[0]?.cell).toBe('equities_bars AAPL 2025-01-02')
  await node.reconfigure(onlyDaily('2024-12-30'))
  await node.night()
  expect((await ledger())[0]?.cell).toBe('equities_bars AAPL 2024-12-30')
  expect((await ledger()).every(({ status }) => status === 'GREEN')).toBe(true)
  expect(node.asked()).toBe(asked)
})

test('night: an audit of an earlier evening forgets nothing that came later', async () => {
  await setup({ change: onlyDaily('2024-12-30') })
  await node.night()
  const { body } = await node.post('/audit', { at: '2024-12-31T20:30:00-05:00' })
  expect(body).toMatchObject({ asof: '2024-12-31', retired: 0 })
  await node.night()
  expect((await ledger()).at(-1)?.cell).toBe(`equities_bars AAPL ${ASOF}`)
})

const onlyDaily =
  (from: string): NonNullable<SmallTerms['change']> =>
  ({ datasets: { equities_bars }, ...config }) => ({
    ...config,
    universe: UNIVERSE.slice(0, 1),
    datasets: { equities_bars: { ...equities_bars!, depth: { from } } },
  })
