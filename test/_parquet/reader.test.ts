import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ColumnConfig } from '../../config/schema.ts'
import { encodeRows, rawSchema } from '../../functions/_lake/encode.ts'
import { readRawParts } from '../../functions/_lake/file-parts.ts'
import { closeLake, type Lake, openLake } from '../../functions/_lake/lake.ts'
import { rawFile } from '../../functions/_lake/paths.ts'
import { queryRawParts, UnreadableFiles } from '../../functions/_lake/query-raw.ts'
import type { RawPart } from '../../functions/_lake/raw-part.ts'
import { asRawPart, readOwnParts } from '../../functions/_lake/stored-part.ts'
import type { Row } from '../../functions/_market/row.ts'
import { bar, from, specOf } from '../_lake/lake-fixture.ts'

let lake: Lake
beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), 'own-file-'))
  lake = openLake({ root, exportRoot: join(root, 'exports') })
})
afterAll(async () => {
  await closeLake(lake)
  await rm(lake.root, { recursive: true, force: true })
})

const COLUMNS: ColumnConfig[] = [
  { name: 'ts', type: 'instant', optional: false },
  { name: 'close', type: 'double', optional: false },
  { name: 'vwap', type: 'double', optional: true },
  { name: 'trades', type: 'integer', optional: true },
  { name: 'day', type: 'day', optional: false },
  { name: 'detail', type: 'text', optional: true },
]
const SPEC = specOf('equities_bars', { columns: COLUMNS })

const DAYS = ['1962-01-02', '1970-01-01', '2024-02-29', '2099-12-31']
const row = fc
  .record({
    ts: fc.oneof(fc.integer({ min: -1e12, max: 4e12 }), fc.constant(1_720_013_400_123.25)),
    close: fc.double({ noNaN: true, noDefaultInfinity: true }),
    vwap: fc.option(fc.constantFrom(-0, 0.1, 5e-324, 1e300), { freq: 3 }),
    trades: fc.option(fc.maxSafeInteger(), { freq: 3 }),
    day: fc.constantFrom(...DAYS),
    detail: fc.option(fc.oneof(fc.constantFrom('', 'é', '🚀', 'x'.repeat(300)), fc.string({ maxLength: 12 })), {
      freq: 3,
    }),
  })
  .map((fields) => fields as unknown as Row)
const part: fc.Arbitrary<RawPart> = fc.record({
  symbol: fc.constantFrom('A', 'BRK.B', 'ZZZZ'),
  provenance: fc.record({
    vendor: fc.constantFrom('alpaca', 'massive'),
    feed: fc.constantFrom('sip', 'iex'),
    adjustment: fc.constantFrom('raw' as const, 'none' as const),
    fetchedAt: fc.constantFrom(1_752_020_000_000, 1_752_020_000_001),
  }),
  rows: fc.array(row, { minLength: 1, maxLength: 20 }),
})

/** Neighbours of one symbol and one answer are one part. */
function joined(parts: readonly RawPart[]): RawPart[] {
  const found: RawPart[] = []
  for (const { symbol, provenance, rows } of parts) {
    const last = found.at(-1)
    const isSame = last?.symbol === symbol && JSON.stringify(last.provenance) === JSON.stringify(provenance)
    if (last && isSame) found[found.length - 1] = { ...last, rows: [...last.rows, ...rows] }
    else found.push({ symbol, provenance, rows })
  }
  return found
}

const somePart = (count: number): RawPart[] =>
  fc.sample(fc.array(part, { minLength: count, maxLength: count }), { numRuns: 1, seed: 3 })[0] ?? []

const ownRows = (bytes: Buffer): RawPart[] | undefined =>
  readOwnParts(bytes, rawSchema(COLUMNS))?.map((one) => asRawPart(one, COLUMNS))

async function placed(bytes: Buffer): Promise<string> {
  const path = rawFile(lake.root, 'alpaca', 'equities_bars', 'date', '2024-07-03', 'A')
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, bytes)
  return path
}

test('reader: what is written comes back the same, and is the same when it is written again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 12 }), async (parts) => {
      const bytes = await encodeRows(COLUMNS, parts)
      expect(ownRows(bytes)).toEqual(joined(parts))
      const carried = readOwnParts(bytes, rawSchema(COLUMNS)) ?? []
      expect((await encodeRows(COLUMNS, carried)).equals(bytes)).toBe(true)
    }),
    { numRuns: 150, seed: 3 },
  )
})

test('reader: DuckDB reads the same rows', async () => {
  const path = await placed(await encodeRows(COLUMNS, somePart(12)))
  expect(await queryRawParts(lake, SPEC, [path])).toEqual(await readRawParts(lake, SPEC, [path]))
})

test('reader: a hundred thousand rows and one fall into two row groups and come back', async () => {
  const rows = Array.from({ length: 100_001 }, (_, at) => ({ ...bar(at), day: '2024-07-03', detail: null }))
  const parts = [{ symbol: 'A', provenance: from('alpaca'), rows: rows as unknown as Row[] }]
  const found = ownRows(await encodeRows(COLUMNS, parts)) ?? []
  expect(found.map((one) => one.rows.length)).toEqual([100_000, 1])
  expect(found[1]?.rows[0]).toMatchObject({ ts: 100_000, close: 10.5, vwap: null, day: '2024-07-03' })
})

test('reader: a damaged file is left to DuckDB, whatever is damaged: it is never more rows, an endless loop or another error', async () => {
  const whole = await encodeRows(COLUMNS, somePart(8))
  const rows = (ownRows(whole) ?? []).reduce((sum, one) => sum + one.rows.length, 0)
  const harm = fc.oneof(
    fc.record({ cut: fc.nat({ max: whole.length - 1 }) }),
    fc.record({ at: fc.nat({ max: whole.length - 1 }), byte: fc.nat({ max: 255 }) }),
  )
  fc.assert(
    fc.property(harm, (done) => {
      const bytes = Buffer.from('cut' in done ? whole.subarray(0, done.cut) : whole)
      if ('at' in done) bytes[done.at] = done.byte
      const found = ownRows(bytes)
      if ('cut' in done) expect(found).toBeUndefined()
      if (found) expect(found.reduce((sum, one) => sum + one.rows.length, 0)).toBe(rows)
    }),
    { numRuns: 3_000, seed: 7 },
  )
})

test('reader: what DuckDB cannot read either is told as unreadable; other columns are not', async () => {
  const whole = await encodeRows(COLUMNS, somePart(3))
  const torn = await placed(whole.subarray(0, whole.length - 20))
  await expect(readRawParts(lake, SPEC, [torn])).rejects.toThrow(UnreadableFiles)
  await expect(readRawParts(lake, SPEC, [`${torn}.gone`])).rejects.toThrow(/gone/)
  const other = await placed(
    await encodeRows(specOf('equities_bars').columns, [{ symbol: 'A', provenance: from('alpaca'), rows: [bar(0)] }]),
  )
  const [found] = (await readRawParts(lake, SPEC, [other])).get(other) ?? []
  expect(found?.rows).toEqual([{ ts: 0, close: 10.5, vwap: null, trades: null, day: null, detail: null }])
})
