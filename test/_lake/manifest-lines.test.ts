import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ManifestLine, VERDICTS } from '../../functions/_lake/manifest.ts'
import { endOfLines, lineWriter } from '../../functions/_lake/manifest-lines.ts'

const sha = fc.stringMatching(/^[0-9a-f]{64}$/)
const FETCHED = '2024-07-04T23:30:00.000Z'
const difference = fc.record({
  added: fc.nat(),
  removed: fc.nat(),
  changed: fc.nat(),
  fields: fc.array(
    fc.record({
      field: fc.constantFrom('close', 'vwap'),
      rows: fc.integer({ min: 1 }),
      emptied: fc.nat(),
      largest: fc.option(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true })),
    }),
    { maxLength: 2 },
  ),
})
const origins = fc.record({
  vendor: fc.constant('alpaca'),
  feed: fc.constantFrom('sip', 'iex', 'a "quoted" feed', 'naïve'),
  adjustment: fc.constantFrom('raw' as const, 'none' as const),
  fetchedAt: fc.nat(),
})
const decision = fc.record({
  verdict: fc.constantFrom(...VERDICTS),
  rows: fc.integer({ min: 1 }),
  digest: sha,
  previous: fc.option(sha),
  refused: fc.option(sha),
})

test('manifest lines: lines are what JSON makes of them, field by field in the order of the schema, whatever cells follow each other', () => {
  const manifestCells = fc.record({
    symbol: fc.constantFrom('A', 'BRK.B', 'X-1'),
    dt: fc.constantFrom('2024-07-02', '2024-07-03'),
    which: fc.nat({ max: 2 }),
    decision,
    difference: fc.option(difference),
  })
  const several = fc.array(origins, { minLength: 3, maxLength: 3 })
  fc.assert(
    fc.property(fc.array(manifestCells, { maxLength: 20 }), several, sha, (cells, origins, sha256) => {
      const lineOf = lineWriter('equities_bars', 'alpaca')
      const path = 'raw/alpaca/equities_bars/date=2024-07-03/data.parquet'
      for (const { symbol, dt, which, decision, difference } of cells) {
        const origin = origins[which]!
        const text = lineOf({ symbol, dt, origin, decision, difference }, endOfLines(path, sha256, FETCHED))
        const line: ManifestLine = {
          dataset: 'equities_bars',
          symbol,
          dt,
          vendor: 'alpaca',
          feed: origin.feed,
          adjustment: origin.adjustment,
          rows: decision.rows,
          digest: decision.digest,
          previous: decision.previous,
          verdict: decision.verdict,
          ...(decision.refused === null ? null : { refused: decision.refused }),
          ...(difference === null ? null : { difference }),
          path,
          sha256,
          fetched_at: FETCHED,
        }
        const open = JSON.stringify(line).slice(0, -1)
        const crc = crc32(open).toString(16).padStart(8, '0')
        expect(text).toBe(`${JSON.stringify({ ...line, crc })}\n`)
        const parsed = ManifestLine.parse(JSON.parse(text))
        expect(parsed).toEqual(line)
        const names = Object.keys(ManifestLine.shape).filter((name) => name in parsed)
        expect(Object.keys(JSON.parse(text))).toEqual([...names, 'crc'])
      }
    }),
  )
})
