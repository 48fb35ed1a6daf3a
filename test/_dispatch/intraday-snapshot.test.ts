import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, describe, expect, test } from 'vitest'
import { loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { runningFile } from '../../functions/_lake/paths.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import { bars, FIRST, type SmallTerms, startTestNode, type TestNode } from '../test-node.ts'

/** The Tuesday of the scene, an hour and a half into the session. */
const MORNING = Date.parse('2025-07-08T11:00:00-04:00')
const OPEN = Date.parse('2025-07-08T09:30:00-04:00')
const DT = '2025-07-08'
const MINUTE = 60_000
const DATASET = 'equities_bars_minute'

let node: TestNode
afterEach(() => node.remove())

const shipped = await loadConfig({ folder: 'config', vendors: CONNECTORS.map(({ name }) => name) })

/** Minutes alone, from the vendors and with the delays that are shipped; `iex` lets IEX serve as well. */
const minutesOnly =
  (iex: boolean) =>
  (config: Config): Config => {
    const spec = shipped.datasets[DATASET]!
    const vendors = structuredClone(config.vendors)
    const terms = vendors.alpaca_iex!.datasets[DATASET]!
    terms.entitled = iex
    return { ...config, vendors, datasets: { [DATASET]: { ...spec, depth: { from: FIRST } } } }
  }

async function setup(terms: SmallTerms & { iex?: boolean } = {}): Promise<void> {
  node = await startTestNode({ now: MORNING, plan: 'basic', change: minutesOnly(terms.iex ?? false), ...terms })
}

const tick = async () => (await node.post('/ingest-tick')).body
const fileOf = (vendor: string, symbol: string): string =>
  runningFile(join(node.root, 'data_layer'), vendor, DATASET, 'date-symbol', DT, symbol)
const stampsIn = async (path: string): Promise<number[]> =>
  (
    await node
      .running()
      .node.lake.duck.all<{ ts: number }>(
        `SELECT epoch_ms(ts) AS ts FROM read_parquet(${sqlText(path)}, hive_partitioning = false) ORDER BY ts`,
      )
  ).map(({ ts }) => Number(ts))
/** What the source holds of a symbol up to the start of a minute. */
const held = (symbol: string, lastStart: number): number[] =>
  bars('alpaca')
    .minute(symbol, Date.parse(`${DT}T00:00:00-04:00`), lastStart)
    .map(({ ts }) => ts)

describe('intraday snapshot: while the session runs', () => {
  test('a tick reads the minutes that have settled, and none that may still change', async () => {
    await setup()
    const answer = await tick()
    expect(answer).toMatchObject({ ok: true, running: 2 })
    // 16 minutes of the plan's delay, then 90 seconds to settle: at 11:00:00 the bar that ended by 10:42 is the last.
    const last = MORNING - 19 * MINUTE
    for (const symbol of ['AAPL', 'MSFT']) {
      const stamps = await stampsIn(fileOf('alpaca', symbol))
      expect(stamps).toEqual(held(symbol, last))
      expect(stamps.at(-1)).toBe(last)
      expect(stamps.filter((ts) => ts >= OPEN).length).toBeGreaterThan(60)
    }
  })

  test('the next tick has more, and one at the same instant the same', async () => {
    await setup()
    await tick()
    const before = await stampsIn(fileOf('alpaca', 'AAPL'))
    await tick()
    expect(await stampsIn(fileOf('alpaca', 'AAPL'))).toEqual(before)
    await node.clock.sleep(5 * MINUTE)
    await tick()
    const after = await stampsIn(fileOf('alpaca', 'AAPL'))
    expect(after.slice(0, before.length)).toEqual(before)
    expect(after.length).toBe(before.length + 5)
  })

  test('nothing of it passes for data: no cell, no evidence, no raw file, no curated file', async () => {
    await setup()
    await tick()
    await node.post('/audit')
    const { db } = node.running().node
    expect(await db.all(sql`SELECT symbol FROM attempts WHERE dt = ${DT}`)).toEqual([])
    expect(await db.all(sql`SELECT symbol FROM coverage WHERE month = '2025-07' AND present & 128 <> 0`)).toEqual([])
    const below = await readdir(join(node.root, 'data_layer'), { recursive: true })
    const files = below.filter((path) => path.includes(DT) && path.endsWith('.parquet'))
    expect(files.length).toBe(2)
    expect(files.every((path) => path.startsWith('running/'))).toBe(true)
  })

  test('IEX, where it is allowed, is read only for what SIP does not answer, under its own name', async () => {
    await setup({ iex: true })
    await tick()
    expect(existsSync(fileOf('alpaca_iex', 'AAPL'))).toBe(false)
    node.lab.alpaca.fault({ kind: 'status-500', requests: 1 })
    await node.clock.sleep(5 * MINUTE)
    await tick()
    const stamps = await stampsIn(fileOf('alpaca_iex', 'AAPL'))
    // IEX has no delay: only the 90 seconds count.
    expect(stamps.at(-1)).toBe(MORNING + 5 * MINUTE - 3 * MINUTE)
  })

  test('a vendor in trouble leaves the view as it was, and the node goes on', async () => {
    await setup()
    await tick()
    const before = await stat(fileOf('alpaca', 'AAPL'))
    node.lab.alpaca.fault({ kind: 'truncated-body' })
    await node.clock.sleep(5 * MINUTE)
    expect(await tick()).toMatchObject({ ok: true, running: 0 })
    expect((await stat(fileOf('alpaca', 'AAPL'))).mtimeMs).toBe(before.mtimeMs)
  })

  test('the budget is kept', async () => {
    await setup()
    for (let ticks = 0; ticks < 250; ticks++) await tick()
    expect(node.lab.alpaca.stats().violations).toBe(0)
  })
})

describe('intraday snapshot: when no session runs', () => {
  test.each([
    ['before the open', '2025-07-08T09:29:00-04:00'],
    ['before anything has settled', '2025-07-08T09:45:00-04:00'],
    ['after the close', '2025-07-08T16:05:00-04:00'],
    ['on a holiday', '2025-07-04T11:00:00-04:00'],
  ])('nothing is read %s', async (_when, at) => {
    await setup({ now: Date.parse(at) })
    expect(await tick()).toMatchObject({ running: 0 })
    expect(existsSync(join(node.root, 'data_layer', 'running'))).toBe(false)
  })

  test('the finished day is collected like any other, and the view is swept days later', async () => {
    await setup()
    await tick()
    const view = fileOf('alpaca', 'AAPL')
    await node.clock.sleep(Date.parse('2025-07-08T20:30:00-04:00') - MORNING)
    await tick()
    const raw = view.replace('/running/', '/raw/')
    expect((await stampsIn(raw)).length).toBeGreaterThan((await stampsIn(view)).length)
    await node.post('/sweep')
    expect(existsSync(view)).toBe(true)
    await node.clock.sleep(6 * 24 * 60 * MINUTE)
    await node.post('/sweep')
    expect(existsSync(view)).toBe(false)
    expect(existsSync(raw)).toBe(true)
  })
})
