import { readFile, rm, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeFolderOf, setAside } from '../../functions/_lake/atomic.ts'
import { sha256 } from '../../functions/_lake/digest.ts'
import { encodeRows } from '../../functions/_lake/encode.ts'
import { closeLake, type Lake, openLake } from '../../functions/_lake/lake.ts'
import { curatedFile, rawFile } from '../../functions/_lake/paths.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import { writeCells } from '../../functions/_lake/write-cells.ts'
import type { Provenance, Row } from '../../functions/_market/row.ts'
import { type CurateRequest, curatePartition } from '../../functions/curate-partition/curate.ts'
import {
  acceptedByManifests,
  bar,
  dropLake,
  filesIn,
  from,
  JULY_3,
  minutes,
  specOf,
  tempLake,
  yieldOf,
} from '../_lake/lake-fixture.ts'

let lake: Lake
beforeEach(async () => {
  lake = await tempLake()
})
afterEach(() => dropLake(lake))

const MINUTE = 'equities_bars_minute'
const DT = '2024-07-03'
/** A half day: 13:30 to 17:00 UTC. */
const SESSION = { dt: DT, open: JULY_3, close: JULY_3 + 210 * 60_000 }

const keep = (provenance: Provenance, symbol: string, rows: Row[], dt = DT) =>
  writeCells(lake, specOf(MINUTE), MINUTE, provenance, [{ symbol, dt, rows, known: null }])
const curate = async (more: Partial<CurateRequest> = {}, on = lake) => (await curation(more, on)).curated
const curation = (more: Partial<CurateRequest> = {}, on = lake) =>
  curatePartition(on, {
    dataset: MINUTE,
    spec: specOf(MINUTE),
    partition: DT,
    sessions: [SESSION],
    vendors: ['massive', 'alpaca'],
    refused: [],
    accepted: acceptedByManifests(on, more.dataset ?? MINUTE),
    ...more,
  })
const read = <T extends Record<string, unknown>>(path: string | undefined, columns = '*') =>
  lake.duck.all<T>(`SELECT ${columns} FROM read_parquet(${sqlText(path ?? '')}, hive_partitioning = false)`)
const origins = async (path: string | undefined) =>
  (await read(path, 'DISTINCT symbol, vendor, feed'))
    .map(({ symbol, vendor, feed }) => `${symbol} ${vendor} ${feed}`)
    .sort()

/** Cells of one vendor's day that the database knows. */
async function* accept(...symbols: string[]): CurateRequest['accepted'] {
  yield [{ dt: DT, vendor: 'alpaca', symbols }]
}

test('curate: a file that nobody accepted is neither curated nor opened, and is named', async () => {
  await keep(from('massive'), 'A', minutes(3))
  await keep(from('alpaca'), 'A', minutes(3))
  await keep(from('alpaca'), 'B', minutes(4))
  const damaged = rawFile(lake.root, 'massive', MINUTE, 'date-symbol', DT, 'A')
  await writeFile(damaged, 'no Parquet file')
  const { curated, unaccepted } = await curation({ accepted: accept('A') })
  expect(await origins(curated?.path)).toEqual(['A alpaca sip'])
  expect(unaccepted).toEqual([rawFile(lake.root, 'alpaca', MINUTE, 'date-symbol', DT, 'B'), damaged])
})

test('curate: of a file that symbols share only the accepted cells are curated, and the file is named', async () => {
  const spec = specOf('equities_bars')
  const ts = Date.parse(DT) + 14_400_000
  const cells = ['A', 'B'].map((symbol) => ({ symbol, dt: DT, rows: [bar(ts)], known: null }))
  await writeCells(lake, spec, 'equities_bars', from('alpaca'), cells)
  const daily = { dataset: 'equities_bars', spec, partition: '2024', sessions: [SESSION] } as const
  const { curated, unaccepted } = await curation({ ...daily, sessions: [SESSION], accepted: accept('B') })
  expect(await origins(curated?.path)).toEqual(['B alpaca sip'])
  expect(unaccepted).toEqual([rawFile(lake.root, 'alpaca', 'equities_bars', 'date', DT, 'ANY')])
  const all = await curation({ ...daily, sessions: [SESSION], accepted: accept('A', 'B') })
  expect(all).toMatchObject({ curated: { cells: 2 }, unaccepted: [] })
})

test('curate: what is accepted of a day comes in any number of parts', async () => {
  for (const symbol of ['A', 'B', 'C']) await keep(from('alpaca'), symbol, minutes(1))
  async function* parts(): CurateRequest['accepted'] {
    yield [{ dt: DT, vendor: 'alpaca', symbols: ['A'] }]
    yield []
    yield [{ dt: DT, vendor: 'alpaca', symbols: ['C'] }]
    yield [{ dt: '2024-07-05', vendor: 'alpaca', symbols: ['B'] }]
  }
  const { curated, unaccepted } = await curation({ accepted: parts() })
  expect(await origins(curated?.path)).toEqual(['A alpaca sip', 'C alpaca sip'])
  expect(unaccepted).toHaveLength(1)
})

test('curate: a minute partition has its columns, is sorted by symbol and time, and says what it is', async () => {
  await keep(from('alpaca'), 'B', [bar(JULY_3 + 60_000, { vwap: 10.4, trades: 3 }), bar(JULY_3)])
  await keep(from('alpaca'), 'A', [bar(JULY_3)])
  const curated = await curate()
  const path = curatedFile(lake.root, MINUTE, 'date', DT)
  const bytes = await readFile(path)
  expect(curated).toEqual({ path, rows: 3, cells: 2, bytes: bytes.length, sha256: sha256(bytes) })
  const tail = { dt: DT, session: 'regular', vendor: 'alpaca', feed: 'sip', adjustment: 'raw' }
  expect(await read(path)).toEqual([
    { symbol: 'A', ...bar(JULY_3), ...tail },
    { symbol: 'B', ...bar(JULY_3), ...tail },
    { symbol: 'B', ...bar(JULY_3 + 60_000, { vwap: 10.4, trades: 3 }), ...tail },
  ])
  const described = await lake.duck.all(
    `DESCRIBE SELECT * FROM read_parquet(${sqlText(path)}, hive_partitioning = false)`,
  )
  expect(described.map(({ column_name, column_type }) => `${column_name} ${column_type}`)).toEqual([
    'symbol VARCHAR',
    'dt DATE',
    'ts TIMESTAMP WITH TIME ZONE',
    'open DOUBLE',
    'high DOUBLE',
    'low DOUBLE',
    'close DOUBLE',
    'volume DOUBLE',
    'vwap DOUBLE',
    'trades BIGINT',
    'session VARCHAR',
    'vendor VARCHAR',
    'feed VARCHAR',
    'adjustment VARCHAR',
  ])
  const texts = await lake.duck.all(
    `SELECT decode(key) AS key, decode(value) AS value FROM parquet_kv_metadata(${sqlText(path)}) ORDER BY key`,
  )
  expect(texts).toMatchObject([{ key: 'schema_version', value: '2' }, { key: 'units' }])
  expect(JSON.parse(String(texts[1]?.value))).toMatchObject({ close: 'dollars, as traded', volume: 'shares' })
})

test('curate: rows before the open are pre, from the close on post', async () => {
  const edges = [-1, 0, 209, 210].map((minute) => bar(JULY_3 + minute * 60_000))
  await keep(from('alpaca'), 'A', edges)
  expect((await read((await curate())?.path)).map(({ session }) => session)).toEqual([
    'pre',
    'regular',
    'regular',
    'post',
  ])
})

test('curate: daily bars have no session column, and all days of the year share a file', async () => {
  const spec = specOf('equities_bars')
  const dts = ['2024-07-02', '2024-07-03']
  const cells = dts.map((dt) => ({ symbol: 'A', dt, rows: [bar(Date.parse(dt) + 14_400_000)], known: null }))
  await writeCells(lake, spec, 'equities_bars', from('alpaca'), cells)
  const sessions = dts.map((dt) => ({ ...SESSION, dt }))
  const curated = await curate({ dataset: 'equities_bars', spec, partition: '2024', sessions })
  expect(curated).toMatchObject({ rows: 2, cells: 2, path: curatedFile(lake.root, 'equities_bars', 'year', '2024') })
  const rows = await read(curated?.path)
  expect(rows.map(({ dt }) => dt)).toEqual(dts)
  expect(Object.keys(rows[0] ?? {})).not.toContain('session')
})

test('curate: the preferred vendor wins a cell even with fewer rows, and rows of two vendors are never mixed', async () => {
  await keep(from('alpaca'), 'A', minutes(10))
  await keep(from('massive'), 'A', minutes(4, { volume: 7 }))
  await keep(from('alpaca'), 'B', minutes(2))
  const curated = await curate()
  expect(await origins(curated?.path)).toEqual(['A massive sip', 'B alpaca sip'])
  expect(curated?.rows).toBe(6)
  expect(await origins((await curate({ vendors: ['alpaca'] }))?.path)).toEqual(['A alpaca sip', 'B alpaca sip'])
})

test('curate: within a vendor the feed with more distinct stamps wins, then the newest fetch', async () => {
  const put = async (symbol: string, parts: [Provenance, Row[]][]) => {
    const path = rawFile(lake.root, 'alpaca', MINUTE, 'date-symbol', DT, symbol)
    const encoded = await encodeRows(
      specOf(MINUTE).columns,
      parts.map(([provenance, rows]) => ({ symbol, provenance, rows })),
    )
    await makeFolderOf(path)
    await writeFile(path, encoded)
  }
  const [old, young] = [JULY_3, JULY_3 + 1_000]
  const iex = (fetchedAt: number) => from('alpaca', { feed: 'iex', fetchedAt })
  const sip = (fetchedAt: number) => from('alpaca', { feed: 'sip', fetchedAt })
  await put('FULL', [
    [iex(young), [...minutes(3), ...minutes(3)]],
    [sip(old), minutes(5)],
  ])
  await put('TIED', [
    [iex(young), minutes(3)],
    [sip(old), minutes(3)],
  ])
  expect(await origins((await curate({ accepted: accept('FULL', 'TIED') }))?.path)).toEqual([
    'FULL alpaca sip',
    'TIED alpaca iex',
  ])
})

test('curate: a refused version never wins, and a cell without another is left out', async () => {
  await keep(from('massive'), 'A', minutes(3))
  await keep(from('alpaca'), 'A', minutes(3))
  await keep(from('massive'), 'B', minutes(3))
  const refused = ['A', 'B'].map((symbol) => ({ vendor: 'massive', symbol, dt: DT }))
  expect(await origins((await curate({ refused }))?.path)).toEqual(['A alpaca sip'])
})

test('curate: of duplicate stamps the newest fetch stays, and of one fetch the later row', async () => {
  const path = rawFile(lake.root, 'alpaca', MINUTE, 'date-symbol', DT, 'A')
  await makeFolderOf(path)
  const part = (fetchedAt: number, ...closes: number[]) => ({
    symbol: 'A',
    provenance: from('alpaca', { fetchedAt }),
    rows: closes.map((close) => bar(JULY_3, { close })),
  })
  await writeFile(path, await encodeRows(specOf(MINUTE).columns, [part(2_000, 1, 2), part(1_000, 3)]))
  expect(await read((await curate({ accepted: accept('A') }))?.path, 'close')).toEqual([{ close: 2 }])
})

test('curate: rows on days without a session are left out; when none is left the earlier file goes', async () => {
  await keep(from('alpaca'), 'A', minutes(3))
  expect(await curate()).not.toBeNull()
  expect(await curate({ sessions: [] })).toBeNull()
  expect((await filesIn(lake)).filter((path) => path.startsWith('curated'))).toEqual([])
  expect(await curate({ partition: '2024-07-05', sessions: [{ ...SESSION, dt: '2024-07-05' }] })).toBeNull()
  await curate()
  await rm(`${lake.root}/raw`, { recursive: true })
  expect(await curate()).toBeNull()
  expect((await filesIn(lake)).filter((path) => path.startsWith('curated'))).toEqual([])
})

test('curate: yields are wide: a column per series in config order, nulls kept, days without any value left out', async () => {
  const spec = specOf('macro_treasury')
  const days: [string, Row[]][] = [
    ['2024-07-03', [yieldOf('DGS10', 4.36), yieldOf('DGS1', 4.99), yieldOf('DGS30', null)]],
    ['2024-07-04', [yieldOf('DGS10', null), yieldOf('DGS1', null)]],
    ['2024-07-02', [yieldOf('DGS1', 5.01), yieldOf('DGS1', 5.02), yieldOf('UNKNOWN', 1)]],
  ]
  const cells = days.map(([dt, rows]) => ({ symbol: 'UST', dt, rows, known: null }))
  await writeCells(lake, spec, 'macro_treasury', from('fred', { feed: 'h15' }), cells)
  const sessions = days.map(([dt]) => ({ ...SESSION, dt }))
  const curated = await curate({ dataset: 'macro_treasury', spec, partition: '2024', sessions, vendors: ['fred'] })
  expect(curated).toMatchObject({ rows: 2, cells: 2 })
  const rows = await read(curated?.path)
  const ids = spec.groups?.UST?.series.map(({ id }) => id) ?? []
  const day = (date: string, values: Record<string, number>) => ({
    date,
    ...Object.fromEntries(ids.map((id) => [id, values[id] ?? null])),
    vendor: 'fred',
    feed: 'h15',
  })
  expect(rows).toEqual([day('2024-07-02', { DGS1: 5.02 }), day('2024-07-03', { DGS1: 4.99, DGS10: 4.36 })])
  expect(Object.keys(rows[0] ?? {})).toEqual(['date', ...ids, 'vendor', 'feed'])
})

test('curate: of a yield that was revised the newest vintage counts, though raw keeps the others', async () => {
  const spec = specOf('macro_treasury')
  const keep = (rows: Row[], fetchedAt: number) =>
    writeCells(lake, spec, 'macro_treasury', from('fred', { feed: 'h15', fetchedAt }), [
      { symbol: 'UST', dt: DT, rows, known: null },
    ])
  await keep([yieldOf('DGS1', 4.99, '2024-07-05'), yieldOf('DGS10', 4.36, '2024-07-05')], Date.UTC(2024, 6, 5))
  await keep([yieldOf('DGS1', 4.98, '2024-07-08'), yieldOf('DGS10', 4.36, '2024-07-08')], Date.UTC(2024, 6, 8))
  await keep([yieldOf('DGS1', 4.97, '2024-07-08'), yieldOf('DGS10', 4.36, '2024-07-08')], Date.UTC(2024, 6, 8, 9))
  const curated = await curate({ dataset: 'macro_treasury', spec, partition: '2024', vendors: ['fred'] })
  expect(await read(curated?.path)).toMatchObject([{ date: DT, DGS1: 4.97, DGS10: 4.36 }])
})

test('curate: a damaged raw file is named, and the earlier curated file stays', async () => {
  await keep(from('alpaca'), 'A', minutes(300))
  await keep(from('alpaca'), 'B', minutes(300))
  const before = await curate()
  const path = rawFile(lake.root, 'alpaca', MINUTE, 'date-symbol', DT, 'B')
  const whole = await readFile(path)
  for (const damaged of [whole.subarray(0, 4096), Buffer.alloc(0), whole.subarray(0, whole.length - 1)]) {
    await writeFile(path, damaged)
    await expect(curate()).rejects.toMatchObject({ name: 'UnreadableFiles', paths: [path] })
    await expect(keep(from('alpaca'), 'B', minutes(300))).rejects.toMatchObject({
      name: 'UnreadableFiles',
      paths: [path],
    })
  }
  expect((await filesIn(lake)).filter((name) => name.startsWith('curated'))).toHaveLength(1)
  expect(await setAside(path)).toBe(`${path}.damaged`)
  expect((await keep(from('alpaca'), 'B', minutes(300)))[0]?.verdict).toBe('new')
  expect(await curate()).toEqual(before)
})

test('curate: rows of several row groups make the same bytes whatever the layout, the fetch times and the number of threads', async () => {
  const hashes = new Set<string>()
  const cells = Array.from({ length: 200 }, (_, i) => ({
    symbol: `S${(i * 7919) % 200}`,
    dt: DT,
    rows: minutes(750, { volume: i }),
    known: null,
  }))
  const halves = [cells.slice(0, 75), cells.slice(75)]
  const trees = [
    { raw_layout: 'date', order: halves, fetchedAt: JULY_3 },
    { raw_layout: 'date-symbol', order: halves.toReversed(), fetchedAt: JULY_3 + 9e7 },
  ] as const
  for (const { raw_layout, order, fetchedAt } of trees) {
    const other = await tempLake({ threads: 2 })
    const single = openLake({ root: other.root, exportRoot: other.exportRoot, threads: 1 })
    try {
      const spec = specOf(MINUTE, { raw_layout })
      for (const [i, half] of order.entries()) {
        await writeCells(other, spec, MINUTE, from('alpaca', { fetchedAt: fetchedAt + i }), half)
      }
      for (const on of [other, other, single]) hashes.add((await curate({ spec }, on))?.sha256 ?? 'none')
      const groups = await other.duck.all<{ n: number }>(
        `SELECT DISTINCT row_group_id, row_group_num_rows AS n FROM parquet_metadata(${sqlText(curatedFile(other.root, MINUTE, 'date', DT))})`,
      )
      expect(groups.reduce((sum, { n }) => sum + n, 0)).toBe(150_000)
      expect(groups.length).toBeGreaterThan(1)
      for (const { n } of groups) expect(n).toBeLessThan(130_000)
    } finally {
      await closeLake(single)
      await dropLake(other)
    }
  }
  expect([...hashes]).toHaveLength(1)
}, 60_000)
