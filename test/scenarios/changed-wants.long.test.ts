/** What becomes of queue, files, ledger and bundle when the configuration wants something else: the table in docs/configuration.md. */
import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import type { Config } from '../../config/schema.ts'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { curatedFile, rawFile } from '../../functions/_lake/paths.ts'
import { ASOF, FIRST, SESSIONS, startTestNode, type TestNode, UNIVERSE } from '../test-node.ts'
import { shippedConfig } from '../write-config.ts'

// Whole nodes and nights are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let node: TestNode
afterEach(() => node.remove())

const only =
  (...symbols: string[]) =>
  (config: Config): Config => ({ ...config, universe: UNIVERSE.filter(({ symbol }) => symbols.includes(symbol)) })
const both = only('AAPL', 'MSFT')

/** Symbols and rows of the newest bundle's daily bars. */
const bundled = async (): Promise<unknown[]> =>
  node
    .running()
    .node.lake.duck.all(
      `SELECT symbol, count(*) AS n FROM ${readParquet(join(node.root, 'exports/latest/curated/equities_bars/year=2025/data.parquet'))} GROUP BY ALL ORDER BY ALL`,
    )
const manifest = async () =>
  JSON.parse(await readFile(join(node.root, 'exports/latest/MANIFEST.json'), 'utf8')) as Record<string, unknown>
const queued = async (): Promise<unknown> => (await node.get('/queue')).body.counts

test('changed wants: tasks of a symbol that left the universe are ended by the next audit, those of the others stay', async () => {
  node = await startTestNode()
  await node.post('/audit')
  const before = await queued()
  await node.reconfigure(only('AAPL'))
  expect(await queued()).toEqual(before)
  expect((await node.post('/audit')).body).toMatchObject({ ok: true, dropped: 3 })
  expect((await node.post('/audit')).body).toMatchObject({ dropped: 0, enqueued: 0 })
  expect((await node.get('/queue?symbol=MSFT')).body.tasks).toEqual([])
})

test('changed wants: data of a symbol that left stays in the lake, leaves the bundle, and is back without a call when it is wanted again', async () => {
  node = await startTestNode()
  await node.night()
  const whole = await bundled()
  expect(whole).toEqual(['AAPL', 'MSFT'].map((symbol) => ({ symbol, n: SESSIONS })))
  await node.reconfigure(only('AAPL'))
  await node.night()
  expect(await bundled()).toEqual([{ symbol: 'AAPL', n: SESSIONS }])
  expect(await manifest()).toMatchObject({ complete: true, lacking: null })
  const { duck, root } = node.running().node.lake
  const curated = readParquet(curatedFile(root, 'equities_bars', 'year', '2025'))
  expect(await duck.all(`SELECT DISTINCT symbol FROM ${curated} ORDER BY ALL`)).toEqual([
    { symbol: 'AAPL' },
    { symbol: 'MSFT' },
  ])
  const asked = node.asked()
  await node.reconfigure(both)
  await node.night()
  expect(await bundled()).toEqual(whole)
  expect(node.asked()).toBe(asked)
})

test('changed wants: a shorter depth ends tasks and leaves the bundle, and files stay; the old depth is back without a call', async () => {
  const depth =
    (from: string) =>
    (config: Config): Config => {
      const bars = config.datasets.equities_bars!
      return { ...config, datasets: { ...config.datasets, equities_bars: { ...bars, depth: { from } } } }
    }
  node = await startTestNode()
  await node.night()
  await node.reconfigure(depth('2025-07-07'))
  await node.night()
  expect(await bundled()).toEqual(['AAPL', 'MSFT'].map((symbol) => ({ symbol, n: 2 })))
  const { root } = node.running().node.lake
  expect(existsSync(rawFile(root, 'alpaca', 'equities_bars', 'date', FIRST, 'AAPL'))).toBe(true)
  const asked = node.asked()
  await node.reconfigure(depth(FIRST))
  await node.night()
  expect(await bundled()).toEqual(['AAPL', 'MSFT'].map((symbol) => ({ symbol, n: SESSIONS })))
  expect(node.asked()).toBe(asked)
})

test('changed wants: a new symbol is expected at the next audit', async () => {
  node = await startTestNode({ change: only('AAPL') })
  await node.night()
  await node.reconfigure(both)
  expect((await node.post('/audit')).body).toMatchObject({ gaps: SESSIONS })
  await node.night()
  expect(await bundled()).toEqual(['AAPL', 'MSFT'].map((symbol) => ({ symbol, n: SESSIONS })))
})

test('changed wants: a new ticker is a new symbol, whose days before the change are asked for under the old one', async () => {
  node = await startTestNode()
  await node.night()
  const was = [{ symbol: 'MSFT', to: '2025-07-03' }]
  await node.reconfigure((config) => ({
    ...config,
    universe: [UNIVERSE[0]!, { symbol: 'MSFX', from: '2020-01-02', to: null, was }],
  }))
  expect((await node.post('/audit')).body).toMatchObject({ gaps: SESSIONS })
  await node.night()
  expect(await bundled()).toEqual([
    { symbol: 'AAPL', n: SESSIONS },
    { symbol: 'MSFX', n: 4 },
  ])
  expect(await manifest()).toMatchObject({ lacking: null })
})

test('changed wants: a company whose symbol stays while its ticker changes is asked for no day again', async () => {
  node = await startTestNode()
  await node.night()
  const asked = node.asked()
  const was = [
    { symbol: 'MSFT', to: '2025-07-03' },
    { symbol: 'MSFX', to: '2099-12-31' },
  ]
  await node.reconfigure((config) => ({ ...config, universe: [UNIVERSE[0]!, { ...UNIVERSE[1]!, was }] }))
  expect((await node.post('/audit')).body).toMatchObject({ gaps: 0, enqueued: 0 })
  await node.night()
  expect(node.asked()).toBe(asked)
  expect(await bundled()).toEqual(['AAPL', 'MSFT'].map((symbol) => ({ symbol, n: SESSIONS })))
})

const enabled =
  (isEnabled: boolean) =>
  (config: Config): Config => {
    const yields = config.datasets.macro_treasury!
    return { ...config, datasets: { ...config.datasets, macro_treasury: { ...yields, enabled: isEnabled } } }
  }

test('changed wants: a disabled dataset is named once at start, its tasks end, and nobody is asked for it', async () => {
  node = await startTestNode()
  await node.post('/audit')
  await node.reconfigure(enabled(false))
  expect(node.lines.filter((line) => line.includes('start.disabled'))).toEqual([
    expect.stringContaining('datasets.macro_treasury'),
  ])
  expect((await node.post('/audit')).body).toMatchObject({ ok: true, dropped: 3 })
  expect((await node.get('/queue?dataset=equities_bars')).body.tasks).not.toEqual([])
  await node.night()
  expect(node.lab.fred.stats().calls).toBe(0)
  expect(existsSync(join(node.root, 'exports/latest/curated/macro_treasury'))).toBe(false)
})

test('changed wants: a dataset that was disabled when its database was lost has all its cells once it is enabled again', async () => {
  node = await startTestNode()
  await node.night()
  await node.stop()
  await rm(join(node.root, 'data_layer/state'), { recursive: true })
  const asked = node.asked()
  await node.reconfigure(enabled(false))
  await node.reconfigure(enabled(true))
  expect((await node.post('/audit')).body).toMatchObject({ ok: true, gaps: 0 })
  expect(node.asked()).toBe(asked)
})

test('changed wants: a disabled vendor is not called, is not missed for its keys, and what it delivered counts', async () => {
  node = await startTestNode()
  await node.night()
  const calls = node.lab.alpaca.stats().calls
  const whole = await bundled()
  const off = (config: Config): Config => ({
    ...config,
    vendors: { ...config.vendors, alpaca: { ...config.vendors.alpaca!, enabled: false } },
  })
  delete node.env.APCA_API_KEY_ID
  await node.reconfigure(off)
  expect(node.running().node.vendors.map(({ name }) => name)).not.toContain('alpaca')
  await node.post('/audit', { rebuild: true })
  await node.night()
  expect(await bundled()).toEqual(whole)
  expect(node.lab.alpaca.stats().calls).toBe(calls)
})

test('changed wants: regular minutes only is a rebuild of curated files, in both directions, and the same bytes come back', async () => {
  const shipped = await shippedConfig()
  const minutes =
    (sessions: 'all' | 'regular') =>
    (config: Config): Config => ({
      ...config,
      datasets: {
        equities_bars_minute: { ...shipped.datasets.equities_bars_minute!, depth: { sessions: 2 }, sessions },
      },
    })
  node = await startTestNode({ change: minutes('all') })
  await node.night()
  const file = curatedFile(join(node.root, 'data_layer'), 'equities_bars_minute', 'date', ASOF)
  const kinds = async (): Promise<unknown[]> =>
    node.running().node.lake.duck.all(`SELECT DISTINCT session FROM ${readParquet(file)} ORDER BY ALL`)
  const statuses = async () => (await node.get('/status')).body.ledger
  const bytes = await readFile(file)
  const [asked, judged] = [node.asked(), await statuses()]
  expect(await kinds()).toEqual([{ session: 'post' }, { session: 'pre' }, { session: 'regular' }])

  await node.reconfigure(minutes('regular'))
  expect((await node.post('/audit')).body).toMatchObject({ touched: 2 })
  expect((await node.post('/audit')).body).toMatchObject({ touched: 0 })
  await node.night()
  expect(await kinds()).toEqual([{ session: 'regular' }])
  expect(await statuses()).toEqual(judged)
  expect((await node.post('/verify', { mode: 'deep' })).body).toMatchObject({ exitCode: 0, findings: [] })

  await node.reconfigure(minutes('all'))
  await node.night()
  expect(await readFile(file)).toEqual(bytes)
  expect(node.asked()).toBe(asked)
})
