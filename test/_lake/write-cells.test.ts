import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { detectCorrections } from '../../functions/_dispatch/detect-corrections.ts'
import type { AcceptedCell } from '../../functions/_lake/accepted-cell.ts'
import { canonicalLine } from '../../functions/_lake/canonical-row.ts'
import { digestKnownAs, digestRows, isDigestOf, sha256 } from '../../functions/_lake/digest.ts'
import { encodeRows } from '../../functions/_lake/encode.ts'
import { readRawCells, readRawParts } from '../../functions/_lake/file-parts.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { isOfCell, type ManifestLine, readManifests } from '../../functions/_lake/manifest.ts'
import { rawFile, rawFiles } from '../../functions/_lake/paths.ts'
import { queryRawParts } from '../../functions/_lake/query-raw.ts'
import { tempBeside } from '../../functions/_lake/temp-names.ts'
import { writeCells } from '../../functions/_lake/write-cells.ts'
import type { Row } from '../../functions/_market/row.ts'
import { withoutUnknownZeros } from '../../functions/_market/unknown-zero.ts'
import { bar, dropLake, filesIn, from, JULY_3, minutes, specOf, tempLake, yieldOf } from './lake-fixture.ts'

let lake: Lake
beforeEach(async () => {
  lake = await tempLake()
})
afterEach(() => dropLake(lake))

const DAILY = specOf('equities_bars')
const MINUTE = specOf('equities_bars_minute')
const cell = (symbol: string, rows: Row[], more: Partial<AcceptedCell> = {}): AcceptedCell => ({
  symbol,
  dt: '2024-07-03',
  rows,
  known: null,
  ...more,
})
const keepDaily = (cells: AcceptedCell[], provenance = from('alpaca')) =>
  writeCells(lake, DAILY, 'equities_bars', provenance, cells)
const keepMinute = (cells: AcceptedCell[], provenance = from('alpaca')) =>
  writeCells(lake, MINUTE, 'equities_bars_minute', provenance, cells)
const dailyFile = () => rawFile(lake.root, 'alpaca', 'equities_bars', 'date', '2024-07-03', 'A')
const storedDaily = (symbol: string) =>
  readRawCells(lake, DAILY, 'equities_bars', 'alpaca', [{ symbol, dt: '2024-07-03' }]).then((rows) =>
    rows.get(`${symbol} 2024-07-03`),
  )
const hashOf = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex')

async function manifest(): Promise<ManifestLine[]> {
  const lines = []
  for await (const chunk of readManifests(lake, () => 0)) lines.push(...chunk.lines)
  return lines.filter(isOfCell).filter((line) => line.verdict !== 'set_aside')
}

test('write cells: a new cell is written, told in the manifest, and read back with its duplicates in served order', async () => {
  const rows = [bar(JULY_3 + 60_000), bar(JULY_3, { trades: 3 }), bar(JULY_3 + 60_000), bar(JULY_3, { close: 9 })]
  const [kept] = await keepMinute([cell('BRK.B', rows)])
  const digest = digestRows(rows)
  expect(kept).toEqual({ symbol: 'BRK.B', dt: '2024-07-03', verdict: 'new', rows: 2, digest, previous: null })
  const path = 'raw/alpaca/equities_bars_minute/date=2024-07-03/symbol=BRK.B/data.parquet'
  expect(await filesIn(lake)).toEqual(['manifests/alpaca/equities_bars_minute/manifest-2024-07-04.jsonl', path])
  expect(await manifest()).toEqual([
    {
      dataset: 'equities_bars_minute',
      symbol: 'BRK.B',
      dt: '2024-07-03',
      vendor: 'alpaca',
      feed: 'sip',
      adjustment: 'raw',
      rows: 2,
      digest,
      previous: null,
      verdict: 'new',
      path,
      sha256: await hashOf(join(lake.root, path)),
      fetched_at: '2024-07-04T23:30:00.000Z',
    },
  ])
  const stored = await readRawCells(lake, MINUTE, 'equities_bars_minute', 'alpaca', [kept ?? cell('X', [])])
  expect(stored.get('BRK.B 2024-07-03')).toEqual(rows)
})

test('write cells: symbols of a day share a file, sorted, and a later one joins without touching the others', async () => {
  await keepDaily([cell('C', [bar(JULY_3, { close: 3 })]), cell('A', [bar(JULY_3, { close: 1 })])])
  const [kept] = await keepDaily(
    [cell('B', [bar(JULY_3, { close: 2 })])],
    from('alpaca', { feed: 'iex', fetchedAt: JULY_3 }),
  )
  expect(kept?.verdict).toBe('new')
  const parts = (await readRawParts(lake, DAILY, [dailyFile()])).get(dailyFile())
  expect(parts?.map(({ symbol, provenance, rows }) => [symbol, provenance, rows])).toEqual([
    ['A', from('alpaca'), [bar(JULY_3, { close: 1 })]],
    ['B', from('alpaca', { feed: 'iex', fetchedAt: JULY_3 }), [bar(JULY_3, { close: 2 })]],
    ['C', from('alpaca'), [bar(JULY_3, { close: 3 })]],
  ])
  expect((await manifest()).map(({ symbol }) => symbol).sort()).toEqual(['A', 'B', 'C'])
})

test('write cells: what is the same is left alone: no file, no line', async () => {
  const rows = minutes(3)
  const [first] = await keepMinute([cell('A', rows)])
  const path = rawFile(lake.root, 'alpaca', 'equities_bars_minute', 'date-symbol', '2024-07-03', 'A')
  const before = await stat(path)
  const again = cell('A', [...rows].reverse(), { known: first?.digest ?? null })
  expect(await keepMinute([again], from('alpaca', { fetchedAt: JULY_3 + 9e7 }))).toEqual([
    { ...first, verdict: 'same', previous: first?.digest },
  ])
  expect((await stat(path)).ino).toBe(before.ino)
  expect(await manifest()).toHaveLength(1)
})

test('write cells: a crash between file and manifest heals: the same answer writes the missing line once', async () => {
  const rows = minutes(3)
  const [first] = await keepMinute([cell('A', rows)])
  await rm(join(lake.root, 'manifests'), { recursive: true })
  const [healed] = await keepMinute([cell('A', rows)])
  expect(healed?.verdict).toBe('same')
  const lines = await manifest()
  expect(lines).toMatchObject([{ verdict: 'same', digest: first?.digest, previous: first?.digest, rows: 3 }])
  expect(lines[0]?.sha256).toBe(await hashOf(join(lake.root, lines[0]?.path ?? '')))
  await keepMinute([cell('A', rows, { known: healed?.digest ?? null })])
  expect(await manifest()).toHaveLength(1)
})

test('write cells: a correction replaces the rows and keeps both digests', async () => {
  const [first] = await keepDaily([cell('A', [bar(JULY_3)]), cell('B', [bar(JULY_3)])])
  const corrected = [bar(JULY_3, { volume: 1001 })]
  const [kept] = await keepDaily([cell('A', corrected, { known: first?.digest ?? null })])
  expect(kept).toMatchObject({ verdict: 'replaced', digest: digestRows(corrected), previous: first?.digest })
  expect(await storedDaily('A')).toEqual(corrected)
  expect(await storedDaily('B')).toEqual([bar(JULY_3)])
  expect((await manifest()).at(-1)).toMatchObject({ verdict: 'replaced', previous: first?.digest, rows: 1 })
})

test('write cells: an answer with fewer rows is refused, on the record, and does not hold up the others', async () => {
  const rows = minutes(390)
  const [first] = await keepMinute([cell('A', rows)])
  const fewer = [...rows.slice(0, 389), ...rows.slice(0, 20)]
  const kept = await keepMinute(
    [cell('B', rows), cell('A', fewer, { known: first?.digest ?? null })],
    from('alpaca', { feed: 'iex' }),
  )
  expect(kept).toEqual([
    expect.objectContaining({ symbol: 'B', verdict: 'new', rows: 390 }),
    {
      symbol: 'A',
      dt: '2024-07-03',
      verdict: 'kept_more_rows',
      rows: 390,
      digest: first?.digest,
      previous: first?.digest,
    },
  ])
  expect((await manifest()).find(({ verdict }) => verdict === 'kept_more_rows')).toMatchObject({
    symbol: 'A',
    feed: 'sip',
    rows: 390,
    digest: first?.digest,
    refused: digestRows(fewer),
  })
})

test('write cells: yields count by series: a revision replaces, the same values asked later do not, a missing series is refused', async () => {
  const spec = specOf('macro_treasury')
  const keep = (rows: Row[]) =>
    writeCells(lake, spec, 'macro_treasury', from('fred', { feed: 'h15' }), [cell('UST', rows)]).then(([kept]) => kept)
  const rows = [yieldOf('DGS1', 4.99), yieldOf('DGS10', null)]
  expect(await keep(rows)).toMatchObject({ verdict: 'new', rows: 2 })
  expect(await keep(rows.map((row) => ({ ...row, realtime_start: '2024-07-09' })))).toMatchObject({ verdict: 'same' })
  expect(await keep([yieldOf('DGS1', 4.98)])).toMatchObject({ verdict: 'kept_more_rows', rows: 2 })
  expect(await keep([yieldOf('DGS1', 4.98), yieldOf('DGS10', 4.36)])).toMatchObject({ verdict: 'replaced', rows: 2 })
})

test('write cells: a revised yield stands beside the vintages it had, and the manifest tells both digests', async () => {
  const spec = specOf('macro_treasury')
  const keep = (rows: Row[], day: number) => {
    const provenance = from('fred', { feed: 'h15', fetchedAt: Date.UTC(2024, 6, day, 21) })
    return writeCells(lake, spec, 'macro_treasury', provenance, [cell('UST', rows)]).then(([kept]) => kept)
  }
  const asOf = (day: string, dgs1: number, dgs10: number) => [yieldOf('DGS1', dgs1, day), yieldOf('DGS10', dgs10, day)]
  const first = await keep(asOf('2024-07-05', 4.99, 4.36), 5)
  const revised = await keep(asOf('2024-07-08', 4.98, 4.36), 8)
  const digest = digestRows(asOf('2024-07-08', 4.98, 4.36))
  expect(revised).toMatchObject({ verdict: 'replaced', rows: 2, digest, previous: first?.digest })
  expect(await keep(asOf('2024-07-09', 4.98, 4.36), 9)).toMatchObject({ verdict: 'same', rows: 2, digest })
  const back = await keep(asOf('2024-07-10', 4.99, 4.36), 10)
  expect(back).toMatchObject({ verdict: 'replaced', rows: 2, digest: first?.digest, previous: digest })

  const path = rawFile(lake.root, 'fred', 'macro_treasury', 'date', '2024-07-03', 'UST')
  const parts = (await readRawParts(lake, spec, [path])).get(path)
  expect(parts?.map(({ provenance, rows }) => [new Date(provenance.fetchedAt).getUTCDate(), rows])).toEqual([
    [5, asOf('2024-07-05', 4.99, 4.36)],
    [8, [yieldOf('DGS1', 4.98, '2024-07-08')]],
    [10, [yieldOf('DGS1', 4.99, '2024-07-10')]],
  ])
  expect((await manifest()).map((line) => [line.verdict, line.digest, line.previous])).toEqual([
    ['new', first?.digest, null],
    ['replaced', digest, first?.digest],
    ['same', digest, digest],
    ['replaced', first?.digest, digest],
  ])
})

test('write cells: a cell that is on disk in the other layout stays in that file', async () => {
  const old = specOf('equities_bars', { raw_layout: 'date-symbol' })
  await writeCells(lake, old, 'equities_bars', from('alpaca'), [cell('A', [bar(JULY_3)])])
  const kept = await keepDaily([cell('A', [bar(JULY_3, { volume: 5 })]), cell('B', [bar(JULY_3)])])
  expect(kept.map(({ verdict }) => verdict)).toEqual(['replaced', 'new'])
  expect((await filesIn(lake)).filter((path) => path.startsWith('raw'))).toEqual([
    'raw/alpaca/equities_bars/date=2024-07-03/data.parquet',
    'raw/alpaca/equities_bars/date=2024-07-03/symbol=A/data.parquet',
  ])
  expect(await storedDaily('A')).toEqual([bar(JULY_3, { volume: 5 })])
  const [again] = await writeCells(lake, old, 'equities_bars', from('alpaca'), [cell('B', [bar(JULY_3)])])
  expect(again?.verdict).toBe('same')
})

test('write cells: two calls at once for the same day keep the rows of both', async () => {
  const symbols = Array.from({ length: 12 }, (_, i) => `S${i}`)
  await Promise.all(symbols.map((symbol) => keepDaily([cell(symbol, [bar(JULY_3)])])))
  for (const symbol of symbols) expect(await storedDaily(symbol)).toEqual([bar(JULY_3)])
  expect(await manifest()).toHaveLength(12)
})

test('write cells: hundreds of days at once come back in the order asked', async () => {
  const dts = Array.from({ length: 300 }, (_, i) => new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10))
  const cells = dts.flatMap((dt) => ['B', 'A'].map((symbol) => cell(symbol, [bar(Date.parse(dt))], { dt }))).reverse()
  const kept = await keepDaily(cells)
  expect(kept.map(({ symbol, dt }) => [symbol, dt])).toEqual(cells.map(({ symbol, dt }) => [symbol, dt]))
  const again = await keepDaily(cells.map((one, i) => ({ ...one, known: kept[i]?.digest ?? null })))
  expect(new Set(again.map(({ verdict }) => verdict))).toEqual(new Set(['same']))
  expect(await manifest()).toHaveLength(600)
})

test('write cells: the same answers make the same raw bytes', async () => {
  const cells = [cell('B', minutes(5)), cell('A', minutes(5))]
  await keepDaily(cells)
  const first = await readFile(dailyFile())
  await rm(join(lake.root, 'raw'), { recursive: true })
  await keepDaily([...cells].reverse())
  expect(await readFile(dailyFile())).toEqual(first)
})

test('write cells: rows that cannot be stored, empty cells and doubled cells are refused before anything is written', async () => {
  await expect(keepDaily([cell('A', [bar(JULY_3, { close: Number.NaN })])])).rejects.toThrow(/close/)
  await expect(keepDaily([cell('A', [])])).rejects.toThrow(/expected rows/)
  await expect(keepDaily([cell('A', [bar(1)]), cell('A', [bar(1)])])).rejects.toThrow(/A 2024-07-03 twice/)
  await expect(keepDaily([cell('A', [bar(1)], { dt: '2024-02-30' })])).rejects.toThrow(/2024-02-30/)
  expect(await filesIn(lake)).toEqual([])
  expect(await keepDaily([])).toEqual([])
})

test('write cells: a process killed between making the folder and naming the file does not stand in the way of the next', async () => {
  const path = rawFile(lake.root, 'alpaca', 'equities_bars_minute', 'date-symbol', '2024-07-03', 'A')
  await mkdir(dirname(path), { recursive: true })
  await writeFile(tempBeside(path), 'half')
  expect((await keepMinute([cell('A', minutes(3))]))[0]?.verdict).toBe('new')
  await rm(path)
  const stored = await readRawCells(lake, MINUTE, 'equities_bars_minute', 'alpaca', [{ symbol: 'A', dt: '2024-07-03' }])
  expect(stored).toEqual(new Map())
})

test('write cells: a disk that refuses leaves neither file nor line, and the next call heals', async () => {
  // A file where a folder should be is refused for everyone, root included.
  const inTheWay = join(lake.root, 'raw/alpaca/equities_bars')
  await mkdir(dirname(inTheWay), { recursive: true })
  await writeFile(inTheWay, '')
  await expect(keepDaily([cell('A', [bar(JULY_3)])])).rejects.toThrow(/could not write/)
  expect(await manifest()).toEqual([])
  await rm(inTheWay)
  expect((await keepDaily([cell('A', [bar(JULY_3)])]))[0]?.verdict).toBe('new')
})

test('write cells: files of an older node are read though columns are missing, and what they lack is taken from the path', async () => {
  const path = rawFile(lake.root, 'massive', 'equities_bars', 'date-symbol', '2024-07-03', 'CON')
  await mkdir(dirname(path), { recursive: true })
  await lake.duck.run(
    `COPY (SELECT TIMESTAMPTZ '2024-07-03 13:30:00+00' AS ts, 1.5 AS open, 2 AS high, 1 AS low, 1.5 AS close, 100 AS volume) TO '${path}' (FORMAT parquet)`,
  )
  const parts = (await readRawParts(lake, DAILY, [path])).get(path)
  expect(parts).toEqual([
    {
      symbol: 'CON',
      provenance: { vendor: 'massive', feed: 'unknown', adjustment: 'raw', fetchedAt: 0 },
      rows: [
        { ts: Date.UTC(2024, 6, 3, 4), open: 1.5, high: 2, low: 1, close: 1.5, volume: 100, vwap: null, trades: null },
      ],
    },
  ])
  await expect(encodeRows(DAILY.columns, parts ?? [])).resolves.toBeInstanceOf(Buffer)
})

describe('write cells: a day that was written before a zero of vwap or trades meant unknown', () => {
  const KEPT_BEFORE = [bar(JULY_3, { vwap: 0, trades: 0 }), bar(JULY_3 + 60_000, { vwap: 10.3, trades: 4 })]
  const READ_NOW = KEPT_BEFORE.map(withoutUnknownZeros)
  /** As `digestRows` made it then: over the canonical lines with each zero. */
  const DIGEST_BEFORE = sha256(KEPT_BEFORE.map(canonicalLine).sort().join(''))
  const known = { known: DIGEST_BEFORE }

  test('is the same when it is read again: no correction, no new digest, no line, no write', async () => {
    await keepMinute([cell('A', KEPT_BEFORE)])
    const [path] = (await filesIn(lake)).filter((file) => file.endsWith('.parquet'))
    const before = await hashOf(join(lake.root, path!))
    expect(
      await detectCorrections(lake, MINUTE, 'equities_bars_minute', 'alpaca', [cell('A', READ_NOW, known)]),
    ).toEqual(new Map())
    const [kept] = await keepMinute([cell('A', READ_NOW, known)])
    expect(kept).toMatchObject({ verdict: 'same', digest: DIGEST_BEFORE, previous: DIGEST_BEFORE })
    expect(await manifest()).toHaveLength(1)
    expect(await hashOf(join(lake.root, path!))).toBe(before)
    // Also where DuckDB reads the file.
    const stored = (await queryRawParts(lake, MINUTE, [join(lake.root, path!)])).get(join(lake.root, path!))
    expect(digestKnownAs(DIGEST_BEFORE, stored![0]!.rows)).toBe(DIGEST_BEFORE)
    expect(isDigestOf(KEPT_BEFORE, DIGEST_BEFORE)).toBe(true)
    expect(isDigestOf(READ_NOW, digestRows(KEPT_BEFORE))).toBe(true)
    expect(isDigestOf(READ_NOW.slice(1), DIGEST_BEFORE)).toBe(false)
  })

  test('is replaced by what differs otherwise, and the correction names that alone', async () => {
    await keepMinute([cell('A', KEPT_BEFORE)])
    const corrected = READ_NOW.map((row, at) => (at === 1 ? { ...row, close: 9 } : row))
    const answers = [cell('A', corrected, known)]
    const restated = await detectCorrections(lake, MINUTE, 'equities_bars_minute', 'alpaca', answers)
    expect(restated.get('A 2024-07-03')?.difference).toMatchObject({
      changed: 1,
      fields: [{ field: 'close', rows: 1 }],
    })
    expect(await keepMinute(answers)).toMatchObject([{ verdict: 'replaced', previous: DIGEST_BEFORE }])
  })
})

test('write cells: an answer for a ticker like CON goes into the plain folder that an older node gave it, and into an encoded one where there is none', async () => {
  const plain = rawFiles(lake.root, 'alpaca', 'equities_bars_minute', 'date-symbol', '2024-07-03', 'CON')[1]!
  await mkdir(dirname(plain), { recursive: true })
  await lake.duck.run(
    `COPY (SELECT TIMESTAMPTZ '2024-07-03 13:30:00+00' AS ts, 1.5 AS open, 2 AS high, 1 AS low, 1.5 AS close, 100 AS volume) TO '${plain}' (FORMAT parquet)`,
  )
  const kept = await keepMinute([cell('CON', minutes(3)), cell('PRN', minutes(3))])
  expect(kept.map(({ verdict }) => verdict)).toEqual(['replaced', 'new'])
  expect((await filesIn(lake)).filter((file) => file.startsWith('raw/'))).toEqual([
    'raw/alpaca/equities_bars_minute/date=2024-07-03/symbol=%50RN/data.parquet',
    'raw/alpaca/equities_bars_minute/date=2024-07-03/symbol=CON/data.parquet',
  ])
})
