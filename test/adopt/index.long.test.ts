import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { digestRows } from '../../functions/_lake/digest.ts'
import { type ManifestEntry, readManifests } from '../../functions/_lake/manifest.ts'
import { curatedFile } from '../../functions/_lake/paths.ts'
import type { Row } from '../../functions/_market/row.ts'
import { specOf } from '../_lake/lake-fixture.ts'
import { ASOF, FIRST, SESSIONS, startTestNode, type TestNode } from '../test-node.ts'
import { dailyBar, hashesBelow, oldBytes, oldFile } from './old-tree.ts'

// Whole nodes and nights are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const DTS = ['2025-06-30', '2025-07-01', '2025-07-02', '2025-07-03', '2025-07-07', '2025-07-08']
const SERIES = Object.values(specOf('macro_treasury').groups ?? {}).flatMap(({ series }) => series.map(({ id }) => id))

let node: TestNode
beforeEach(async () => {
  node = await startTestNode({
    change: (config) => {
      const depth = { from: FIRST }
      const { equities_bars_minute, options_bars } = {
        equities_bars_minute: specOf('equities_bars_minute'),
        options_bars: specOf('options_bars'),
      }
      return {
        ...config,
        datasets: {
          ...config.datasets,
          equities_bars_minute: { ...equities_bars_minute, depth: { from: ASOF } },
          options_bars: { ...options_bars, only: ['AAPL'], depth },
        },
      }
    },
  })
})
afterEach(() => node.remove())

const data = (...parts: string[]): string => join(node.root, 'data_layer', ...parts)
const running = () => node.running().node
const write = (place: string, query: string) => oldFile(running().lake.duck, data(), place, query)
const adopt = async (body: object = {}): Promise<Record<string, unknown>> => {
  const answer = await node.post('/adopt', body)
  expect(answer).toMatchObject({ status: 200, body: { ok: true } })
  return answer.body
}
const attempts = () =>
  running().db.all<{
    dataset: string
    symbol: string
    dt: string
    vendor: string
    rows: number
    digest: string | null
  }>(sql`SELECT dataset, symbol, dt, vendor, rows, digest FROM attempts ORDER BY dataset, dt, symbol`)
const untilDone = async (body: object): Promise<Record<string, unknown>[]> => {
  const answers: Record<string, unknown>[] = []
  do answers.push(await adopt(body))
  while (answers.at(-1)?.more === true && answers.length < 50)
  return answers
}
const steps = (...names: string[]) => node.steps(...names)
const daily = (dt: string, symbol: string, more = '') =>
  write(`alpaca/equities_bars/date=${dt}/symbol=${symbol}/data.parquet`, dailyBar(dt, more))
/** Every day of both symbols, one file a cell, with rows that say nothing but the bar. */
const wholeTree = async (): Promise<void> => {
  for (const dt of DTS) for (const symbol of ['AAPL', 'MSFT']) await daily(dt, symbol)
}

describe('adopt: a tree in our column names', () => {
  test.each(['names', 'footers', 'rows'])(
    'is taken over by %s: no gap is left, and no byte of it changes',
    async (verify) => {
      await wholeTree()
      const before = await hashesBelow(data('raw'))
      const cells = 2 * SESSIONS
      expect(await adopt({ verify })).toMatchObject({
        files: cells,
        adopted: cells,
        known: 0,
        skipped: 0,
        cells,
        rows: verify === 'names' ? 0 : cells,
        problems: [],
        more: false,
        nextAt: null,
      })
      expect((await node.get('/status')).body.coverage).toMatchObject([
        { dataset: 'equities_bars', present: cells, absent: 0 },
      ])
      await node.post('/audit')
      const queued = await running().db.all(
        sql`SELECT 1 FROM gap_tasks WHERE dataset = 'equities_bars' AND reason = 'missing'`,
      )
      expect(queued).toEqual([])
      const marked = await running().db.all(sql`SELECT symbol, last_dt FROM bookmarks ORDER BY symbol`)
      expect(marked).toEqual([
        { symbol: 'AAPL', last_dt: ASOF },
        { symbol: 'MSFT', last_dt: ASOF },
      ])
      expect(await hashesBelow(data('raw'))).toEqual(before)
    },
  )

  test('is curated and judged like data of this node', async () => {
    const from =
      ", 'alpaca' AS vendor, 'sip' AS feed, 'raw' AS adjustment, TIMESTAMP '2025-07-08 23:00:00' AS fetched_at"
    for (const dt of DTS)
      for (const symbol of ['AAPL', 'MSFT']) await daily(dt, symbol, `, '${symbol}' AS symbol${from}`)
    await adopt()
    await steps('audit', 'curate-partition', 'qc-partition')
    const path = curatedFile(data(), 'equities_bars', 'year', '2025')
    const rows = await running().lake.duck.all(
      `SELECT symbol, dt, open, vendor, feed FROM '${path}' ORDER BY dt, symbol`,
    )
    expect(rows).toHaveLength(2 * SESSIONS)
    expect(rows[0]).toEqual({ symbol: 'AAPL', dt: FIRST, open: 10, vendor: 'alpaca', feed: 'sip' })
    const ledger = await running().lake.duck.all<{ status: string }>(
      `SELECT DISTINCT status, flags, digest FROM '${data('qc/ledger/equities_bars/2025.parquet')}'`,
    )
    expect(ledger).toEqual([{ status: 'GREEN', flags: '', digest: null }])
  })

  test('gaps that were queued before are closed, what is known to be absent is not absent any more', async () => {
    await node.post('/audit')
    await daily(FIRST, 'AAPL')
    await running().db.write([
      sql`INSERT INTO coverage (dataset, symbol, month, absent) VALUES ('equities_bars', 'AAPL', '2025-06', ${2 ** 29})`,
    ])
    await adopt()
    const [task] = await running().db.all(
      sql`SELECT state, last_outcome FROM gap_tasks WHERE dataset = 'equities_bars' AND symbol = 'AAPL' AND dt = ${FIRST}`,
    )
    expect(task).toEqual({ state: 'done', last_outcome: 'filled' })
    const [mask] = await running().db.all(sql`SELECT present, absent FROM coverage WHERE symbol = 'AAPL'`)
    expect(mask).toEqual({ present: 2 ** 29, absent: 0 })
  })
})

describe('adopt: what is written down', () => {
  test('unread cells have no digest, and lines of their own that the start does not stumble over', async () => {
    await daily(FIRST, 'AAPL')
    await adopt({ verify: 'names' })
    expect(await attempts()).toMatchObject([{ symbol: 'AAPL', vendor: 'alpaca', rows: 0, digest: null }])
    expect(await readdir(data('manifests/alpaca/equities_bars'))).toEqual(['adopted-2025-07-09.jsonl'])
    await node.stop()
    await node.start()
    expect(node.running().recovered).toMatchObject({ replayed: 0, tornTails: 0 })
  })

  test('read cells have the digest of their rows, whatever the columns were called, and ordinary manifest lines', async () => {
    await daily(FIRST, 'AAPL')
    const letters = `SELECT ${Date.parse(`${FIRST}T04:00:00Z`)}::BIGINT AS t, 10 AS o, 11 AS h, 9.3 AS l, 10.5 AS c, 1030 AS v`
    await write(`alpaca/equities_bars/date=${FIRST}/symbol=MSFT/data.parquet`, letters)
    expect(await adopt({ verify: 'rows' })).toMatchObject({ adopted: 2, cells: 2, rows: 2, problems: [] })
    const row = { ts: Date.parse(`${FIRST}T04:00:00Z`), open: 10, high: 11, low: 9.3, close: 10.5, volume: 1030 }
    const digest = digestRows([row as Row])
    expect(await attempts()).toMatchObject([
      { symbol: 'AAPL', rows: 1, digest: digest.slice(0, 32) },
      { symbol: 'MSFT', rows: 1, digest: digest.slice(0, 32) },
    ])
    const lines: ManifestEntry[] = []
    for await (const chunk of readManifests(running().lake, () => 0)) lines.push(...chunk.lines)
    expect(lines).toMatchObject([
      {
        symbol: 'AAPL',
        dt: FIRST,
        rows: 1,
        digest,
        verdict: 'new',
        feed: 'unknown',
        fetched_at: '1970-01-01T00:00:00.000Z',
      },
      { symbol: 'MSFT', path: `raw/alpaca/equities_bars/date=${FIRST}/symbol=MSFT/data.parquet` },
    ])
  })

  test('what is long settled is packed at once, and known to every look', async () => {
    await node.clock.sleep(120 * 86_400_000)
    await daily(FIRST, 'AAPL')
    const packed = () =>
      running().db.all(sql`SELECT symbol, month, hex(substr(answers, 2, 16)) AS digest FROM packed_months`)
    expect(await adopt({ verify: 'names' })).toMatchObject({ adopted: 1, cells: 1 })
    expect(await attempts()).toEqual([])
    expect(await packed()).toEqual([{ symbol: 'AAPL', month: '2025-06', digest: '0'.repeat(32) }])
    expect(await adopt({ verify: 'names', restart: true })).toMatchObject({ adopted: 0, known: 1 })
    expect(await adopt({ verify: 'rows' })).toMatchObject({ adopted: 1, rows: 1 })
    expect(await attempts()).toEqual([])
    expect(await packed()).not.toEqual([{ symbol: 'AAPL', month: '2025-06', digest: '0'.repeat(32) }])
    expect(await adopt({ verify: 'rows', restart: true })).toMatchObject({ adopted: 0, known: 1 })
  })

  test('a closer look later adds what the first one did not know', async () => {
    await daily(FIRST, 'AAPL')
    await adopt({ verify: 'names' })
    expect(await adopt({ verify: 'footers' })).toMatchObject({ adopted: 1, rows: 1 })
    expect(await adopt({ verify: 'rows' })).toMatchObject({ adopted: 1, rows: 1 })
    expect(await attempts()).toMatchObject([{ rows: 1, digest: expect.stringMatching(/^[0-9a-f]{32}$/) }])
    for (const verify of ['names', 'footers', 'rows']) {
      expect(await adopt({ verify, restart: true })).toMatchObject({ files: 1, adopted: 0, known: 1, cells: 0 })
    }
  })
})

describe('adopt: the layouts', () => {
  test('a file of all symbols is as many cells as it names, and its names alone say nothing', async () => {
    const rows = ['AAPL', 'MSFT'].map((symbol) => `SELECT '${symbol}' AS symbol, * FROM (${dailyBar(FIRST)})`)
    await write(`alpaca/equities_bars/date=${FIRST}/data.parquet`, rows.join(' UNION ALL '))
    expect(await adopt({ verify: 'names' })).toMatchObject({
      adopted: 0,
      skipped: 1,
      problemCounts: { needs_footers: 1 },
    })
    expect(await adopt({ verify: 'footers' })).toMatchObject({ files: 1, adopted: 1, cells: 2, rows: 2, skipped: 0 })
    expect(await adopt({ verify: 'rows' })).toMatchObject({ files: 1, adopted: 1, cells: 2, rows: 2, skipped: 0 })
  })

  test('a symbol of such a file that is none costs only its own rows', async () => {
    const rows = ['AAPL', 'bad one', 'MSFT'].map(
      (symbol) => `SELECT '${symbol}' AS ticker, * FROM (${dailyBar(FIRST)})`,
    )
    await write(`alpaca/equities_bars/date=${FIRST}/data.parquet`, rows.join(' UNION ALL '))
    expect(await adopt()).toMatchObject({
      cells: 2,
      skipped: 1,
      problems: [
        {
          path: `raw/alpaca/equities_bars/date=${FIRST}/data.parquet`,
          what: '1 rows of "bad one", which is no symbol: expected capitals, digits and . or -',
        },
      ],
    })
  })

  test.each(['names', 'footers', 'rows'])('a day of yields is one cell of its group, by %s', async (verify) => {
    const rows = SERIES.map(
      (id, at) => `SELECT '${id}' AS series_id, ${4 + at / 100} AS value, DATE '${FIRST}' AS date`,
    )
    await write(`fred/macro_treasury/date=${FIRST}/data.parquet`, rows.join(' UNION ALL '))
    expect(await adopt({ verify })).toMatchObject({ files: 1, adopted: 1, cells: 1, problems: [] })
    expect(await attempts()).toMatchObject([{ dataset: 'macro_treasury', symbol: 'UST', dt: FIRST, vendor: 'fred' }])
  })

  test('options lie below their underlier, whatever the column of the contract is called', async () => {
    const columns = `TIMESTAMP '${FIRST} 04:00:00' AS ts, 1.0 AS open, 1.0 AS high, 1.0 AS low, 1.0 AS close, 5 AS volume`
    const rows = (name: string) =>
      ['AAPL250718C00200000', 'AAPL250718P00200000']
        .map((contract) => `SELECT '${contract}' AS ${name}, ${columns}`)
        .join(' UNION ALL ')
    await write(`alpaca/options_bars/date=${FIRST}/underlier=AAPL/data.parquet`, rows('option_symbol'))
    await write(`massive/options_bars/date=${FIRST}/data.parquet`, rows('symbol'))
    expect(await adopt({ verify: 'rows' })).toMatchObject({ adopted: 2, cells: 2, rows: 4, problems: [] })
    const [one, other] = await attempts()
    expect(one).toMatchObject({ dataset: 'options_bars', symbol: 'AAPL', rows: 2 })
    expect(other?.digest).toBe(one?.digest)
  })

  test('a whole market of minutes in one file is read in parts', async () => {
    const minutes = `SELECT TIMESTAMP '${ASOF} 13:30:00' + to_minutes(m::INTEGER) AS timestamp, 1.0 AS o, 1.0 AS h, 1.0 AS l, 1.0 AS c, 1 AS v FROM range(390) r(m)`
    const market = `SELECT 'S' || s AS symbol, x.* FROM range(200) t(s), (${minutes}) x`
    await write(`alpaca/equities_bars_minute/date=${ASOF}/data.parquet`, market)
    expect(await adopt({ verify: 'rows' })).toMatchObject({ adopted: 1, cells: 200, rows: 200 * 390, problems: [] })
    expect(new Set((await attempts()).map(({ digest }) => digest)).size).toBe(1)
  })
})

describe('adopt: what is left alone', () => {
  test('damaged and foreign things are reported by their kind, and cost nobody else anything', async () => {
    const raw = 'alpaca/equities_bars'
    await daily('2025-07-01', 'AAPL')
    const good = await daily('2025-07-01', 'MSFT')
    await daily('2025-07-04', 'AAPL')
    await daily('2025-07-09', 'AAPL')
    await daily('1989-12-29', 'AAPL')
    await oldBytes(data(), `${raw}/date=2025-07-02/symbol=AAPL/data.parquet`, '')
    await oldBytes(data(), `${raw}/date=2025-07-02/symbol=MSFT/data.parquet`, 'PAR1 this was torn')
    await oldBytes(data(), `${raw}/date=2025-07-02/symbol=msft/data.parquet`, 'x')
    await oldBytes(data(), `${raw}/date=2025-07-02/notes.txt`, 'x')
    await oldBytes(data(), `${raw}/date=2025-07-02/symbol=AAPL/part-0.parquet`, 'x')
    await oldBytes(data(), `${raw}/date=2025-07-02/symbol=AAPL/.data.parquet.0123abcd-77-1.tmp`, 'x')
    await oldBytes(data(), `${raw}/date=2025-13-02/symbol=AAPL/data.parquet`, 'x')
    await write(`${raw}/date=2025-07-03/symbol=AAPL/data.parquet`, `${dailyBar('2025-07-03')} LIMIT 0`)
    await write(`${raw}/date=2025-07-03/symbol=MSFT/data.parquet`, 'SELECT 1 AS price')
    await mkdir(data('raw', raw, 'date=2025-07-07/symbol=AAPL'), { recursive: true })
    await symlink(good, data('raw', raw, 'date=2025-07-07/symbol=AAPL/data.parquet'))
    await symlink(data('raw', raw, 'date=2025-07-01'), data('raw', raw, 'date=2025-07-08'))
    await oldBytes(data(), 'polygon/equities_bars/date=2025-07-01/data.parquet', 'x')
    await oldBytes(data(), 'alpaca/crypto_bars/date=2025-07-01/data.parquet', 'x')
    await oldBytes(data(), 'alpaca/README', 'x')

    const answer = await adopt()
    expect(answer).toMatchObject({ adopted: 2, cells: 2, more: false })
    expect(answer.problemCounts).toEqual({
      day: 4,
      empty: 1,
      unreadable: 1,
      symbol: 1,
      unexpected: 3,
      no_rows: 1,
      columns: 1,
      symlink: 2,
      unknown_vendor: 1,
      unknown_dataset: 1,
    })
    const problems = answer.problems as { path: string; what: string }[]
    expect(problems.map(({ path }) => path)).toContain(`raw/${raw}/date=2025-07-02/symbol=MSFT/data.parquet`)
    expect(problems.every(({ path, what }) => path.startsWith('raw/') && !what.includes(node.root))).toBe(true)
    expect((await attempts()).map(({ dt }) => dt)).toEqual(['2025-07-01', '2025-07-01'])
  })

  test.each<[string, string, RegExp]>([
    ['of another day', dailyBar('2025-07-01'), /it is of 2025-07-01, the path says 2025-06-30/],
    [
      'with the bare name of the day after',
      dailyBar(FIRST).replace(/TIMESTAMP '\S+ 04:00:00'/, "DATE '2025-07-01'"),
      /it is of 2025-07-01/,
    ],
    ['of another symbol', dailyBar(FIRST, ", 'MSFT' AS symbol"), /it is of MSFT/],
    ['of another vendor', dailyBar(FIRST, ", 'massive' AS vendor"), /it is of vendor massive/],
    ['with adjusted prices', dailyBar(FIRST, ", 'split' AS adjustment"), /adjusted \(split\)/],
    ['without a price', dailyBar(FIRST).replace('10.5 AS close', 'NULL::DOUBLE AS close'), /close is missing/],
    [
      'with a price that is no number',
      dailyBar(FIRST).replace('10.5 AS close', "'nan'::DOUBLE AS close"),
      /close is NaN/,
    ],
    [
      'with half a trade',
      dailyBar(FIRST, ', 1.5::DOUBLE AS n'),
      /n is 1.5, which cannot be trades: expected a whole number/,
    ],
    [
      'of two feeds',
      `${dailyBar(FIRST, ", 'sip' AS feed")} UNION ALL ${dailyBar(FIRST, ", 'iex' AS feed")}`,
      /2 feeds/,
    ],
  ])('rows %s are told when rows are read', async (_kind, query, what) => {
    await write(`alpaca/equities_bars/date=${FIRST}/symbol=AAPL/data.parquet`, query)
    await daily(FIRST, 'MSFT')
    const answer = await adopt({ verify: 'rows' })
    expect(answer).toMatchObject({ adopted: 1, skipped: 1, problemCounts: { values: 1 } })
    expect((answer.problems as { what: string }[])[0]?.what).toMatch(what)
    expect((await attempts()).map(({ symbol }) => symbol)).toEqual(['MSFT'])
  })

  test('a page that is damaged behind a whole footer is found when rows are read', async () => {
    const file = await write(
      `alpaca/equities_bars_minute/date=${ASOF}/symbol=AAPL/data.parquet`,
      `SELECT TIMESTAMPTZ '${ASOF} 13:30:00+00' + to_minutes(m::INTEGER) AS ts, hash(m)::DOUBLE AS open, 1.0 AS high, 1.0 AS low, 1.0 AS close, 1 AS volume FROM range(390) r(m)`,
    )
    await daily(FIRST, 'AAPL')
    const bytes = await readFile(file)
    await writeFile(file, bytes.fill(0xff, 4, 3000))
    expect(await adopt({ verify: 'footers' })).toMatchObject({ adopted: 2 })
    expect(await adopt({ verify: 'rows' })).toMatchObject({ adopted: 1, skipped: 1, problemCounts: { unreadable: 1 } })
  })

  test.each([
    'symbol=..',
    'symbol=%2E%2E',
    'symbol=..%2FAAPL',
    'symbol=con',
    'symbol=a b',
    'symbol=%00',
    'underlier=brk.b',
  ])('a folder %s names no symbol, and nothing in it is taken', async (folder) => {
    await oldBytes(data(), `alpaca/equities_bars/date=${FIRST}/${folder}x/data.parquet`, 'x')
    await oldBytes(data(), `alpaca/equities_bars/date=${FIRST}/data.parquet/data.parquet`, 'x')
    const answer = await adopt({ verify: 'names' })
    expect(answer).toMatchObject({ adopted: 0, skipped: 2, problemCounts: { symbol: 1, unexpected: 1 } })
    expect(await attempts()).toEqual([])
  })

  test('a torn file that was adopted by its name alone is a gap once it is curated', async () => {
    await oldBytes(data(), `alpaca/equities_bars/date=${FIRST}/symbol=AAPL/data.parquet`, 'PAR1 this was torn')
    await daily(FIRST, 'MSFT')
    expect(await adopt({ verify: 'names' })).toMatchObject({ adopted: 2 })
    await steps('curate-partition')
    const masks = await running().db.all(sql`SELECT symbol, present FROM coverage ORDER BY symbol`)
    expect(masks).toEqual([
      { symbol: 'AAPL', present: 0 },
      { symbol: 'MSFT', present: 2 ** 29 },
    ])
  })

  test('only the first fifty problems are shown, all are counted', async () => {
    for (let at = 0; at < 60; at++) await oldBytes(data(), `alpaca/equities_bars/date=${FIRST}/${at}.txt`, 'x')
    const answer = await adopt()
    expect(answer).toMatchObject({ skipped: 60, problemCounts: { unexpected: 60 } })
    expect(answer.problems).toHaveLength(50)
  })
})

describe('adopt: repeating and resuming', () => {
  test('a second run over an adopted tree writes nothing', async () => {
    await wholeTree()
    await adopt()
    const [before, files] = [await node.databaseText(), await hashesBelow(data('manifests'))]
    expect(await adopt()).toMatchObject({ files: 0, adopted: 0, cells: 0, more: false })
    expect(await node.databaseText()).toBe(before)
    expect(await adopt({ restart: true })).toMatchObject({ files: 12, adopted: 0, known: 12, cells: 0, more: false })
    expect(await hashesBelow(data('manifests'))).toEqual(files)
  })

  test('calls with a limit go on where the last one ended, until nothing is left', async () => {
    await wholeTree()
    const answers = await untilDone({ limitFiles: 5, restart: true })
    expect(answers.map(({ files }) => files)).toEqual([5, 5, 2])
    expect(answers.map(({ more }) => more)).toEqual([true, true, false])
    expect((await attempts()).length).toBe(12)
  })

  test('a loop of equal calls that begin anew ends, however many trees there are and wherever the limit falls', async () => {
    await wholeTree()
    for (const dt of DTS) await write(`massive/equities_bars/date=${dt}/symbol=AAPL/data.parquet`, dailyBar(dt))
    await adopt()
    for (const limitFiles of [5, 12, 18]) {
      const answers = await untilDone({ limitFiles, restart: true })
      expect(answers.reduce((sum, { files }) => sum + Number(files), 0)).toBe(18)
      expect(answers.length).toBe(Math.ceil(18 / limitFiles))
    }
  })

  test('two runs at once take every cell over once', async () => {
    await wholeTree()
    const [one, other] = await Promise.all([adopt({ limitFiles: 7 }), adopt({ limitFiles: 7 })])
    expect(Number(one?.cells) + Number(other?.cells)).toBe(12)
    const lines = await running().lake.duck.all(
      `SELECT symbol, dt FROM read_json('${data('manifests/alpaca/equities_bars/adopted-*.jsonl')}')`,
    )
    expect(lines).toHaveLength(12)
  })

  test('only the wanted vendor and dataset are walked', async () => {
    await daily(FIRST, 'AAPL')
    await write(`massive/equities_bars/date=${FIRST}/symbol=AAPL/data.parquet`, dailyBar(FIRST))
    expect(await adopt({ vendor: 'massive', dataset: 'equities_bars' })).toMatchObject({ cells: 1 })
    expect(await attempts()).toMatchObject([{ vendor: 'massive' }])
    expect(await adopt({ dataset: 'macro_treasury' })).toMatchObject({ files: 0 })
    expect(await adopt()).toMatchObject({ cells: 1 })
  })

  test('a file that was put into a day already walked is found by beginning anew', async () => {
    await daily('2025-07-02', 'AAPL')
    await adopt()
    await daily('2025-07-01', 'AAPL')
    await daily('2025-07-03', 'AAPL')
    expect(await adopt()).toMatchObject({ files: 1, cells: 1 })
    expect(await adopt({ restart: true })).toMatchObject({ files: 3, cells: 1, known: 2 })
  })

  test('what this node fetched itself is known, and adopting leaves its evidence alone', async () => {
    await node.night()
    const before = await attempts()
    const found = await untilDone({ verify: 'rows' })
    expect(found.at(-1)).toMatchObject({ adopted: 0, cells: 0, skipped: 0 })
    expect(await attempts()).toEqual(before)
  })

  test('an empty root has nothing to take over', async () => {
    await rm(data('raw'), { recursive: true, force: true })
    expect(await adopt()).toMatchObject({ files: 0, more: false, problems: [] })
  })
})

describe('adopt: a body that is none', () => {
  test.each<[object, RegExp]>([
    [{ verify: 'hash' }, /^verify: /],
    [{ limitFiles: 0 }, /^limitFiles: /],
    [{ restart: 'yes' }, /^restart: /],
    [{ files: 1 }, /files/],
    [{ vendor: '../alpaca' }, /^vendor: expected one of alpaca/],
    [{ dataset: 'crypto' }, /^dataset: expected one of equities_bars/],
  ])('%j', async (body, error) => {
    const answer = await node.post('/adopt', body)
    expect(answer.status).toBe(400)
    expect(answer.body.error).toMatch(error)
  })
})
