import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RawPart } from '../../functions/_lake/raw-part.ts'
import { newestVintages, withVintages } from '../../functions/_lake/vintages.ts'
import { decide } from '../../functions/_lake/write-decision.ts'
import type { Row, Yield } from '../../functions/_market/row.ts'
import { bar, from, JULY_3, yieldOf } from './lake-fixture.ts'

const part = (rows: Row[], more: Parameters<typeof from>[1] = {}): RawPart => ({
  symbol: 'UST',
  provenance: from('fred', { feed: 'h15', ...more }),
  rows,
})
const rowsOf = (parts: readonly RawPart[]): Row[] => parts.flatMap(({ rows }) => [...rows])

test('vintages: of each series the vintage known from the latest day on counts, of two of one day the later row', () => {
  const rows = [
    yieldOf('DGS1', 1, '2024-07-05'),
    yieldOf('DGS2', 5, '2024-07-09'),
    yieldOf('DGS1', 2, '2024-07-08'),
    yieldOf('DGS1', 3, '2024-07-08'),
    yieldOf('DGS2', 4, '2024-07-08'),
  ]
  expect(newestVintages(rows)).toEqual([yieldOf('DGS1', 3, '2024-07-08'), yieldOf('DGS2', 5, '2024-07-09')])
})

test('vintages: bars have no vintages: all rows count, and an answer stands alone', () => {
  const rows = [bar(JULY_3), bar(JULY_3)]
  expect(newestVintages(rows)).toEqual(rows)
  expect(withVintages([part([bar(JULY_3, { close: 1 })])], part(rows))).toEqual([part(rows)])
})

test('vintages: a first answer is kept as served, duplicates too', () => {
  const rows = [yieldOf('DGS1', 1), yieldOf('DGS1', 1), yieldOf('DGS1', 2)]
  expect(withVintages([], part(rows))).toEqual([part(rows)])
})

test('vintages: a value that the source has not any more is a vintage too', () => {
  const parts = withVintages([part([yieldOf('DGS1', 1)])], part([yieldOf('DGS1', null, '2024-07-09')]))
  expect(rowsOf(parts)).toEqual([yieldOf('DGS1', 1), yieldOf('DGS1', null, '2024-07-09')])
})

test('vintages of another feed are not mixed in', () => {
  const answer = part([yieldOf('DGS1', 2), yieldOf('DGS2', 3)])
  const stored = part([yieldOf('DGS1', 1), yieldOf('DGS2', 3)], { feed: 'other' })
  expect(withVintages([stored], answer)).toEqual([answer])
})

test('vintages: a vintage of a file that does not say since when it is known was known when it was fetched', () => {
  const undated = { ...yieldOf('DGS1', 1), realtime_start: null } as unknown as Yield
  const parts = withVintages([part([undated])], part([yieldOf('DGS1', 2, '2024-07-09')]))
  expect(rowsOf(parts)).toEqual([yieldOf('DGS1', 1, '2024-07-04'), yieldOf('DGS1', 2, '2024-07-09')])
})

test('vintages: an answer that speaks for an earlier day than what counts is no news', () => {
  const stored = part([yieldOf('DGS1', 2, '2024-07-09')])
  const late = [yieldOf('DGS1', 1, '2024-07-05')]
  expect(decide(stored.rows, late, rowsOf(withVintages([stored], part(late))), ['series'])).toMatchObject({
    verdict: 'same',
  })
})

const curve = fc.uniqueArray(
  fc.record({
    series: fc.constantFrom('DGS1', 'DGS2', 'DGS10', 'DGS30'),
    value: fc.option(fc.constantFrom(0, 1, 2)),
  }),
  { minLength: 1, selector: ({ series }) => series },
)

test('vintages: whatever is answered on later and later days, nothing stored is lost and the newest value of each series counts', () => {
  fc.assert(
    fc.property(fc.array(curve, { minLength: 1, maxLength: 8 }), (answers) => {
      let stored: RawPart[] = []
      const newest = new Map<string, number | null>()
      for (const [day, values] of answers.entries()) {
        const answer = part(values.map(({ series, value }) => yieldOf(series, value, `2024-07-1${day}`)))
        const before = rowsOf(stored)
        const merged = withVintages(stored, answer)
        const decision = decide(before, answer.rows, rowsOf(merged), ['series'])
        if (decision.verdict === 'new' || decision.verdict === 'replaced') {
          stored = merged
          for (const { series, value } of values) newest.set(series, value)
        }
        expect(rowsOf(stored).slice(0, before.length)).toEqual(before)
        // The same answer once more, a day later, is the same or refused, never one more vintage.
        const again = values.map(({ series, value }) => yieldOf(series, value, `2024-07-2${day}`))
        const repeated = decide(rowsOf(stored), again, rowsOf(withVintages(stored, part(again))), ['series'])
        expect(['same', 'kept_more_rows']).toContain(repeated.verdict)
      }
      const counting = newestVintages(rowsOf(stored)) as Yield[]
      expect(new Map(counting.map(({ series, value }) => [series, value]))).toEqual(newest)
    }),
  )
})
