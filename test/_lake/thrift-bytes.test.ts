import util from 'parquetjs-lite/lib/util.js'
import { expect, test } from 'vitest'
import type { ColumnConfig } from '../../config/schema.ts'

// Imported before the lake puts its own in its place.
const original = util.serializeThrift
const { encodeRows } = await import('../../functions/_lake/encode.ts')
const { thriftBytes } = await import('../../functions/_lake/thrift-bytes.ts')

const COLUMNS: ColumnConfig[] = [
  { name: 'ts', type: 'instant', optional: false },
  { name: 'close', type: 'double', optional: false },
  { name: 'vwap', type: 'double', optional: true },
  { name: 'trades', type: 'integer', optional: true },
  { name: 'detail', type: 'text', optional: true },
]

const partOf = (rows: number, symbol: string) => ({
  symbol,
  provenance: { vendor: 'alpaca', feed: 'sip', adjustment: 'raw' as const, fetchedAt: 1_752_020_000_000 },
  rows: Array.from({ length: rows }, (_, at) => ({
    ts: 1_700_000_000_000 + at * 60_000,
    open: 1,
    high: 1,
    low: 1,
    close: -1.5 + at / 7,
    volume: 1,
    vwap: at % 3 === 0 ? null : at / 3,
    trades: at % 2 === 0 ? null : at * 100_003,
    detail: at % 5 === 0 ? null : `ü ${'x'.repeat(at % 300)}`,
  })),
})

test.each([1, 400, 130_000])('a file of %i rows has the bytes the library would have written', async (rows) => {
  const parts = [partOf(rows, 'AAPL'), partOf(1, 'BRK.B')]
  util.serializeThrift = original
  const theirs = await encodeRows(COLUMNS, parts)
  util.serializeThrift = thriftBytes
  const ours = await encodeRows(COLUMNS, parts)
  expect(ours.equals(theirs)).toBe(true)
})
