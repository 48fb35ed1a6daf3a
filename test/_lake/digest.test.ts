import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalLine } from '../../functions/_lake/canonical-row.ts'
import { digestRows, sha256, sha256OfFile } from '../../functions/_lake/digest.ts'
import type { Bar, Row } from '../../functions/_market/row.ts'

const bar: Bar = {
  ts: 1_720_013_400_000,
  open: 1.5,
  high: 2,
  low: 1,
  close: 1.75,
  volume: 100.25,
  vwap: null,
  trades: 7,
}

test('digest: the canonical line and the digest are what the documentation says', () => {
  const line = '{"close":1.75,"high":2,"low":1,"open":1.5,"trades":7,"ts":1720013400000,"volume":100.25}\n'
  expect(canonicalLine(bar)).toBe(line)
  expect(digestRows([bar])).toBe(createHash('sha256').update(line).digest('hex'))
  expect(digestRows([])).toBe(sha256(''))
})

test('digest: a line is what JSON makes of the fields in order, whatever they hold', () => {
  const values = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string({ unit: 'binary' }))
  const rows = fc.dictionary(fc.constantFrom('a', 'B', 'close', 'realtime_start', 'series'), fc.option(values))
  fc.assert(
    fc.property(rows, (row) => {
      const { realtime_start, ...fields } = row
      const names = Object.keys(fields).sort()
      const kept = names.filter((name) => fields[name] !== null).map((name) => [name, fields[name]])
      expect(canonicalLine(row as unknown as Row)).toBe(`${JSON.stringify(Object.fromEntries(kept))}\n`)
    }),
  )
  const long = { series: 'é'.repeat(10_000) }
  expect(canonicalLine(long as Row)).toBe(`${JSON.stringify(long)}\n`)
})

test('digest: order of rows and of fields, repeated rows, absent optional fields and negative zero do not matter', () => {
  const numbers = fc.double({ noNaN: true, noDefaultInfinity: true })
  const bars = fc.record({
    ts: fc.integer(),
    open: numbers,
    high: numbers,
    low: numbers,
    close: numbers,
    volume: numbers,
    vwap: fc.option(numbers),
    trades: fc.option(fc.nat()),
  })
  fc.assert(
    fc.property(fc.array(bars, { maxLength: 8 }), fc.integer(), (rows, seed) => {
      const shuffled = [...rows, ...rows].sort((a, b) => ((a.ts * 31 + seed) % 7) - ((b.ts * 31 + seed) % 7))
      const respelt = shuffled.map((row) => {
        const kept = Object.entries(row).filter(([, value]) => value !== null)
        return Object.fromEntries(kept.reverse().map(([name, value]) => [name, Object.is(value, -0) ? 0 : value]))
      })
      expect(digestRows(respelt as unknown as Row[])).toBe(digestRows(rows))
    }),
  )
})

test('digest: a change of any value changes the digest', () => {
  const before = digestRows([bar])
  for (const name of Object.keys(bar)) expect(digestRows([{ ...bar, [name]: 3 }])).not.toBe(before)
  expect(digestRows([bar, { ...bar, ts: bar.ts + 60_000 }])).not.toBe(before)
})

test('digest: a yield asked on another day is the same yield, a revised one is not', () => {
  const yields = (value: number | null, day: string) => digestRows([{ series: 'DGS1', value, realtime_start: day }])
  expect(yields(4.5, '2024-07-03')).toBe(yields(4.5, '2024-07-10'))
  expect(yields(4.5, '2024-07-03')).not.toBe(yields(4.51, '2024-07-03'))
  expect(yields(null, '2024-07-03')).not.toBe(yields(0, '2024-07-03'))
})

test('digest: a number that is none has no digest', () => {
  expect(() => digestRows([{ ...bar, close: Number.NaN }])).toThrow(/close/)
})

test('digest: the digest of a file is that of its bytes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'digest-'))
  const bytes = Buffer.alloc(200_000, 7)
  await writeFile(join(folder, 'x'), bytes)
  expect(await sha256OfFile(join(folder, 'x'))).toBe(sha256(bytes))
  await rm(folder, { recursive: true })
})
