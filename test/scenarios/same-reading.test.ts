import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Config } from '../../config/schema.ts'
import { listAttempts } from '../../db/attempts/list-attempts.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { curatedFile } from '../../functions/_lake/paths.ts'
import { specOf } from '../_lake/lake-fixture.ts'
import { oldFile } from '../adopt/old-tree.ts'
import { ASOF, FIRST, startTestNode, type TestNode } from '../test-node.ts'

// Whole nodes are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const MINUTES = 390
const VERIFIES = ['footers', 'rows'] as const

let node: TestNode
const start = async (symbols: string[]): Promise<void> => {
  const universe: Config['universe'] = symbols.map((symbol) => ({ symbol, from: '2020-01-02', to: null }))
  node = await startTestNode({
    universe,
    change: (config) => {
      const minute = { ...specOf('equities_bars_minute'), depth: { from: ASOF } }
      return { ...config, datasets: { ...config.datasets, equities_bars_minute: minute } }
    },
  })
}
beforeEach(() => start(['AAPL', 'MSFT']))
afterEach(() => node.remove())

const data = (...parts: string[]): string => join(node.root, 'data_layer', ...parts)
const running = () => node.running().node
const write = (place: string, query: string) => oldFile(running().lake.duck, data(), place, query)
const adopt = async (body: object = {}) => (await node.post('/adopt', body)).body
const problemsOf = (answer: Record<string, unknown>) =>
  (answer.problems as { path: string; what: string }[]).map(({ what }) => what)
const steps = (...names: string[]) => node.steps(...names)
const ledger = () =>
  running().lake.duck.all<{ symbol: string; dt: string; status: string; flags: string; rows: number }>(
    `SELECT symbol, dt, status, flags, rows FROM '${data('qc/ledger/*/*.parquet')}'
     WHERE dataset IN ('equities_bars', 'equities_bars_minute') AND rows > 0 ORDER BY dataset, symbol, dt`,
  )
const minuteFile = (symbol: string) => `alpaca/equities_bars_minute/date=${ASOF}/symbol=${symbol}/data.parquet`
/** The session's minutes; `stamp` makes a column of `m`, minutes since 09:30 New York. */
const minutes = (stamp: string, more = '') =>
  `SELECT ${stamp}, 10.0 AS o, 11.0 AS h, 9.0 AS l, 10.0 + m / 1000 AS c, 100 + m AS v${more} FROM range(${MINUTES}) r(m)`
const since = (time: string) => `TIMESTAMP '${ASOF} ${time}:00' + to_minutes(m::INTEGER) AS ts`
const curatedMinutes = () =>
  running().lake.duck.all<{ symbol: string; session: string; rows: number; first: number; last: number }>(
    `SELECT symbol, session, count(*) AS rows, min(ts) AS first, max(ts) AS last
     FROM '${curatedFile(data(), 'equities_bars_minute', 'date', ASOF)}' GROUP BY ALL ORDER BY ALL`,
  )
const OPEN = instantOf(ASOF, '09:30')
const WHOLE = { session: 'regular', rows: MINUTES, first: OPEN, last: OPEN + (MINUTES - 1) * 60_000 }

describe('same reading: minutes with the wall clock of New York and no zone', () => {
  test.each(VERIFIES)('are refused with the option that says which zone they are, by %s', async (verify) => {
    await write(minuteFile('AAPL'), minutes(since('09:30')))
    await write(
      minuteFile('MSFT'),
      minutes(`strftime(${since('09:30').replace(' AS ts', '')}, '%Y-%m-%d %H:%M:%S') AS t`),
    )
    const answer = await adopt({ verify })
    expect(answer).toMatchObject({ adopted: 0, skipped: 2, cells: 0, problemCounts: { zone: 2 } })
    expect(problemsOf(answer)[0]).toMatch(/no zone and run from 09:30 to 15:59; .* "zone": "America\/New_York"/)
    expect((await node.post('/adopt', { zone: 'Mars' })).status).toBe(400)
  })

  test.each(VERIFIES)(
    'are read in the zone that is said, and so they stay without the database, by %s',
    async (verify) => {
      await write(minuteFile('AAPL'), minutes(since('09:30')))
      await write(
        minuteFile('MSFT'),
        minutes(`strftime(${since('09:30').replace(' AS ts', '')}, '%Y-%m-%d %H:%M:%S') AS t`),
      )
      await adopt({ verify })
      const answer = await adopt({ verify, zone: 'America/New_York' })
      expect(answer).toMatchObject({ adopted: 2, cells: 2, problems: [] })
      await steps('audit', 'curate-partition', 'qc-partition')
      const whole = ['AAPL', 'MSFT'].map((symbol) => ({ symbol, ...WHOLE }))
      expect(await curatedMinutes()).toEqual(whole)
      expect(await ledger()).toMatchObject(
        ['AAPL', 'MSFT'].map((symbol) => ({ symbol, status: 'GREEN', rows: MINUTES })),
      )

      await node.stop()
      await rm(data('state'), { recursive: true })
      await rm(data('curated'), { recursive: true })
      await node.start()
      await node.post('/audit', { rebuild: true })
      await steps('audit', 'curate-partition', 'qc-partition')
      expect(await curatedMinutes()).toEqual(whole)
    },
  )

  test('never reach a bundle as UTC though only their names were adopted', async () => {
    await write(minuteFile('AAPL'), minutes(since('09:30')))
    expect(await adopt({ verify: 'names' })).toMatchObject({ cells: 1, problems: [] })
    await steps('audit', 'curate-partition', 'qc-partition')
    expect(await ledger()).toMatchObject([{ symbol: 'AAPL', status: 'RED' }])
    expect(await adopt({ verify: 'rows', zone: 'America/New_York', limitFiles: 1 })).toMatchObject({
      cells: 1,
      more: false,
    })
    await steps('audit', 'curate-partition', 'qc-partition')
    expect(await curatedMinutes()).toEqual([{ symbol: 'AAPL', ...WHOLE }])
  })

  test('keep their zone: another one is refused, and an answer for a neighbour leaves them where they are', async () => {
    const place = `alpaca/equities_bars_minute/date=${ASOF}/data.parquet`
    const rows = ['AAPL', 'MSFT'].map((symbol) => minutes(since('10:00'), `, '${symbol}' AS symbol`))
    await write(place, `${rows.join(' UNION ALL ')} ORDER BY symbol, ts LIMIT 500`)
    expect(await adopt({ verify: 'footers', zone: 'America/New_York' })).toMatchObject({ cells: 2, problems: [] })
    await running().db.write([sql`UPDATE attempts SET digest = NULL`])
    const answer = await adopt({ verify: 'rows', zone: 'UTC' })
    expect(answer).toMatchObject({ adopted: 0, problemCounts: { zone: 1 } })
    expect(problemsOf(answer)[0]).toMatch(/adopted as America\/New_York before, not as UTC.*zones-2025-07-08\.jsonl/)
    expect(await adopt({ verify: 'rows', restart: true })).toMatchObject({ cells: 2, rows: 500, problems: [] })
  })
})

test('same reading: minutes of a session in UTC without a zone need no word of anybody', async () => {
  await write(minuteFile('AAPL'), minutes(since('13:30')))
  expect(await adopt({ verify: 'rows' })).toMatchObject({ cells: 1, problems: [] })
  await steps('audit', 'curate-partition', 'qc-partition')
  expect(await curatedMinutes()).toEqual([{ symbol: 'AAPL', ...WHOLE }])
})

describe('same reading: daily bars', () => {
  const PRICES = '185.0 AS o, 186.0 AS h, 184.0 AS l, 185.5 AS c, 1000.0 AS v'
  const place = (symbol: string) => `massive/equities_bars/date=${FIRST}/symbol=${symbol}/data.parquet`

  test.each([
    ['the close', `epoch_ms(TIMESTAMP '${FIRST} 20:00:00') AS t`],
    ['midnight of UTC', `TIMESTAMPTZ '${FIRST} 00:00:00+00' AS t`],
    ['a morning', `TIMESTAMP '${FIRST} 05:00:00' AS t`],
    ['the last minute', `TIMESTAMPTZ '${FIRST} 23:59:00-04' AS t`],
  ])('stamped with %s of their day are that day from its start', async (_kind, stamp) => {
    await write(place('AAPL'), `SELECT ${stamp}, ${PRICES}`)
    expect(await adopt({ verify: 'rows' })).toMatchObject({ cells: 1, problems: [] })
    await steps('audit', 'curate-partition', 'qc-partition')
    expect(await ledger()).toMatchObject([{ symbol: 'AAPL', dt: FIRST, status: 'GREEN', rows: 1 }])
    const [bar] = await running().lake.duck.all(
      `SELECT ts FROM '${curatedFile(data(), 'equities_bars', 'year', '2025')}'`,
    )
    expect(bar).toEqual({ ts: instantOf(FIRST, '00:00') })
  })

  test.each([
    ['the evening before', `TIMESTAMP '${FIRST} 03:59:00' AS t`, /it is of 2025-06-29, the path says 2025-06-30/],
    ['the midnight after', `TIMESTAMPTZ '2025-07-01 00:00:00-04' AS t`, /it is of 2025-07-01/],
    [
      'the close in our own columns, which this node stamps otherwise',
      `'AAPL' AS symbol, TIMESTAMP '${FIRST} 20:00:00' AS ts, 1::DOUBLE AS open, 1::DOUBLE AS high, 1::DOUBLE AS low, 1::DOUBLE AS close,
       1::DOUBLE AS volume, 1::DOUBLE AS vwap, 1::BIGINT AS trades, 'massive' AS vendor, 'sip' AS feed, 'raw' AS adjustment,
       TIMESTAMP '${FIRST} 23:00:00' AS fetched_at --`,
      /row 0: ts is 2025-06-30T20:00:00.000Z, expected the start of 2025-06-30 in New York/,
    ],
    [
      'minutes',
      `TIMESTAMP '${FIRST} 13:30:00' + to_minutes(m) AS t, m::DOUBLE AS vwap, ${PRICES} FROM (VALUES (1), (2)) x(m) --`,
      /row 1: it is the same day's bar as a row before/,
    ],
    ['the next day in UTC', `TIMESTAMPTZ '2025-07-01 00:00:00+00' AS t`, /it is of 2025-07-01/],
  ])('stamped with %s are refused', async (_kind, stamp, what) => {
    await write(place('AAPL'), `SELECT ${stamp}, ${PRICES}\n`)
    const answer = await adopt({ verify: 'rows' })
    expect(answer).toMatchObject({ adopted: 0, problemCounts: { values: 1 } })
    expect(problemsOf(answer)[0]).toMatch(what)
  })
})

describe('same reading: what says nothing', () => {
  const NAN = "'nan'::DOUBLE"

  test('NaN in optional columns is nothing: adopted, curated as null, GREEN', async () => {
    await write(minuteFile('AAPL'), minutes(since('13:30'), `, ${NAN} AS vwap, ${NAN} AS trades`))
    expect(await adopt({ verify: 'rows' })).toMatchObject({ cells: 1, rows: MINUTES, problems: [] })
    await steps('audit', 'curate-partition', 'qc-partition')
    expect(await ledger()).toMatchObject([{ status: 'GREEN', flags: '', rows: MINUTES }])
  })

  test.each([
    ['NaN', 'close', NAN, /row 0: close is NaN/],
    ['infinity', 'close', "'inf'::DOUBLE", /row 0: close is Infinity/],
    ['infinity', 'vwap', "'-inf'::DOUBLE", /row 0: vwap is -Infinity/],
    ['infinity', 'trades', "'inf'::DOUBLE", /row 0: trades is inf, which cannot be trades/],
  ])('%s in %s is a fault that names the column', async (_kind, column, value, what) => {
    const optional = column === 'close' ? '' : `, ${value} AS ${column}`
    const query = minutes(since('13:30'), optional)
    await write(minuteFile('AAPL'), column === 'close' ? query.replace('10.0 + m / 1000 AS c', `${value} AS c`) : query)
    const answer = await adopt({ verify: 'rows' })
    expect(answer).toMatchObject({ adopted: 0, problemCounts: { values: 1 } })
    expect(problemsOf(answer)[0]).toMatch(what)
  })

  test('a vwap and trades of 0 beside a volume are nothing, in foreign files and in those of our own columns', async () => {
    const zero = `, CASE WHEN m = 7 THEN 0.0 ELSE 10.0 END AS vwap, CASE WHEN m = 7 THEN 0 ELSE 5 END::BIGINT AS trades`
    await write(minuteFile('AAPL'), minutes(since('13:30'), zero))
    const own = `SELECT 'MSFT' AS symbol, ts, o AS open, h::DOUBLE AS high, l::DOUBLE AS low, c AS close, v::DOUBLE AS volume, vwap::DOUBLE AS vwap, trades,
      'alpaca' AS vendor, 'sip' AS feed, 'raw' AS adjustment, TIMESTAMP '${ASOF} 23:00:00' AS fetched_at FROM (${minutes(since('13:30'), zero)})`
    await write(
      minuteFile('MSFT'),
      own.replace('o AS open', 'o::DOUBLE AS open').replace('c AS close', 'c::DOUBLE AS close'),
    )
    expect(await adopt({ verify: 'rows' })).toMatchObject({ cells: 2, problems: [] })
    await steps('audit', 'curate-partition', 'qc-partition')
    const unknown = await running().lake.duck.all(
      `SELECT symbol, ts, vwap, trades FROM '${curatedFile(data(), 'equities_bars_minute', 'date', ASOF)}' WHERE vwap IS NULL OR trades IS NULL ORDER BY symbol`,
    )
    const nothing = { ts: OPEN + 7 * 60_000, vwap: null, trades: null }
    expect(unknown).toEqual(['AAPL', 'MSFT'].map((symbol) => ({ symbol, ...nothing })))
    expect((await ledger()).map(({ status }) => status)).toEqual(['GREEN', 'GREEN'])
  })
})

test('same reading: tickers that are names of devices are taken from the plain folders of older nodes', async () => {
  const symbols = ['CON', 'NA', 'NULL', 'PRN', 'TRUE']
  await node.remove()
  await start(symbols)
  for (const symbol of symbols) await write(minuteFile(symbol), minutes(since('13:30')))
  expect(await adopt({ verify: 'rows' })).toMatchObject({ adopted: 5, cells: 5, problems: [] })
  await steps('audit', 'curate-partition', 'qc-partition')
  expect(await ledger()).toMatchObject(symbols.map((symbol) => ({ symbol, status: 'GREEN', rows: MINUTES })))
  const cells = symbols.map((symbol) => ({ symbol, dt: ASOF }))
  const known = await listAttempts(running().db, 'equities_bars_minute', cells)
  expect(known.map(({ symbol, outcome }) => `${symbol} ${outcome}`).sort()).toEqual(
    symbols.map((symbol) => `${symbol} filled`),
  )
})

test('same reading: of the encoded and the plain folder of a ticker like CON the encoded one counts, at adopt and at curation', async () => {
  await node.remove()
  await start(['CON'])
  await write(minuteFile('%43ON'), minutes(since('13:30'), ', 10.25 AS vwap'))
  await write(minuteFile('CON'), minutes(since('13:30'), ', 10.75 AS vwap'))
  expect(await adopt({ verify: 'rows' })).toMatchObject({ files: 2, cells: 1, problems: [] })
  await steps('audit', 'curate-partition', 'qc-partition')
  expect(await curatedMinutes()).toEqual([{ symbol: 'CON', ...WHOLE }])
  const [held] = await running().lake.duck.all(
    `SELECT DISTINCT vwap FROM '${curatedFile(data(), 'equities_bars_minute', 'date', ASOF)}'`,
  )
  expect(held).toEqual({ vwap: 10.25 })
})
