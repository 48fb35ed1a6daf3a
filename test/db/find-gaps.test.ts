import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countCoverage } from '../../db/coverage/count-coverage.ts'
import { type ExpectedLife, findGaps, type MonthMask } from '../../db/coverage/find-gaps.ts'
import { listCoverage } from '../../db/coverage/list-coverage.ts'
import { dropUnexpected } from '../../db/gap-tasks/drop-unexpected.ts'
import { enqueueTasks } from '../../db/gap-tasks/enqueue-tasks.ts'
import { maxDt, minDt } from '../../functions/_market/dt.ts'
import { claimed, DATASET, freshDb, NOW, newTask } from './temp-db.ts'

interface Covered {
  symbol: string
  month: string
  present: number
  absent: number
}

const MONTHS = ['2023-11', '2023-12', '2024-01', '2024-02', '2024-03']
const SYMBOLS = ['AAPL', 'BRK.B', 'MSFT']
const FULL = 2 ** 31 - 1

const bits = (mask: number): number[] =>
  Array.from({ length: 31 }, (_, i) => i + 1).filter((day) => mask & (1 << (day - 1)))

/** The same question, asked cell by cell. */
function naiveGaps(lives: ExpectedLife[], months: MonthMask[], covered: Covered[]): string[] {
  const cells: string[] = []
  for (const { month, mask } of months) {
    for (const { symbol, fromDt, toDt } of lives) {
      const known = covered.find((row) => row.symbol === symbol && row.month === month)
      for (const day of bits(mask)) {
        const dt = `${month}-${String(day).padStart(2, '0')}`
        if (dt < fromDt || dt > toDt) continue
        if (known && bits(known.present | known.absent).includes(day)) continue
        cells.push(`${month} ${symbol} ${day}`)
      }
    }
  }
  return cells.sort()
}

const anyMask = fc.oneof(fc.integer({ min: 0, max: FULL }), fc.constantFrom(0, 1, 2 ** 30, FULL))
const anyDt = fc
  .tuple(fc.constantFrom('2023-10', ...MONTHS, '2024-04'), fc.integer({ min: 1, max: 31 }))
  .map(([month, day]) => `${month}-${String(day).padStart(2, '0')}`)
const anyScene = fc.record({
  months: fc.tuple(...MONTHS.map((month) => anyMask.map((mask) => ({ month, mask })))),
  lives: fc
    .uniqueArray(fc.record({ symbol: fc.constantFrom(...SYMBOLS), a: anyDt, b: anyDt }), {
      selector: (life) => life.symbol,
    })
    .map((all) => all.map(({ symbol, a, b }) => ({ symbol, fromDt: minDt(a, b), toDt: maxDt(a, b) }))),
  covered: fc
    .uniqueArray(
      fc.record({ symbol: fc.constantFrom(...SYMBOLS), month: fc.constantFrom(...MONTHS), a: anyMask, b: anyMask }),
      { selector: ({ symbol, month }) => `${symbol} ${month}` },
    )
    .map((rows) => rows.map(({ a, b, ...row }) => ({ ...row, present: a, absent: b & ~a }))),
})

test('gaps are expected minus known, as a naive count finds them', async () => {
  const db = await freshDb()
  await fc.assert(
    fc.asyncProperty(anyScene, async ({ months, lives, covered }) => {
      await db.write([
        sql`DELETE FROM coverage`,
        ...covered.map(
          (row) => sql`INSERT INTO coverage (dataset, symbol, month, present, absent)
            VALUES (${DATASET}, ${row.symbol}, ${row.month}, ${row.present}, ${row.absent})`,
        ),
      ])
      const found = await findGaps(db, DATASET, lives, months, 1_000)
      const cells = found.flatMap(({ symbol, month, gaps }) => bits(gaps).map((day) => `${month} ${symbol} ${day}`))
      expect(cells.sort()).toEqual(naiveGaps(lives, months, covered))
      const inOrder = [...found].sort((a, b) => (a.month + a.symbol < b.month + b.symbol ? -1 : 1))
      expect(found).toEqual(inOrder)
      expect(await findGaps(db, DATASET, lives, months, 2)).toEqual(inOrder.slice(0, 2))
    }),
    { numRuns: 120 },
  )
})

test('the first and the last day of a life count, one day more does not', async () => {
  const db = await freshDb()
  const whole = MONTHS.map((month) => ({ month, mask: FULL }))
  const gaps = (fromDt: string, toDt: string) => findGaps(db, DATASET, [{ symbol: 'A', fromDt, toDt }], whole, 10)
  expect(await gaps('2024-01-31', '2024-01-31')).toEqual([{ symbol: 'A', month: '2024-01', gaps: 2 ** 30 }])
  expect(await gaps('2024-01-01', '2024-01-01')).toEqual([{ symbol: 'A', month: '2024-01', gaps: 1 }])
  expect(await gaps('2023-12-31', '2024-01-02')).toEqual([
    { symbol: 'A', month: '2023-12', gaps: 2 ** 30 },
    { symbol: 'A', month: '2024-01', gaps: 3 },
  ])
})

test('coverage of another dataset fills no gap', async () => {
  const db = await freshDb()
  await db.write([
    sql`INSERT INTO coverage (dataset, symbol, month, present) VALUES ('other', 'A', '2024-01', ${FULL})`,
  ])
  const life = { symbol: 'A', fromDt: '2024-01-02', toDt: '2024-01-02' }
  expect(await findGaps(db, DATASET, [life], [{ month: '2024-01', mask: 2 }], 10)).toHaveLength(1)
})

test('a gap that is queued already is no gap, until its task is done', async () => {
  const db = await freshDb()
  const life = { symbol: 'A', fromDt: '2024-01-02', toDt: '2024-01-04' }
  const gaps = () => findGaps(db, DATASET, [life], [{ month: '2024-01', mask: FULL }], 10)
  await enqueueTasks(db, DATASET, [newTask('A', '2024-01-03'), newTask('A', '2024-01-02')], NOW)
  expect(await gaps()).toEqual([{ symbol: 'A', month: '2024-01', gaps: 0b1000 }])
  await db.write([sql`UPDATE gap_tasks SET state = 'done' WHERE dt = '2024-01-02'`])
  expect(await gaps()).toEqual([{ symbol: 'A', month: '2024-01', gaps: 0b1010 }])
})

test('tasks of days nobody expects any more end, later days and tasks under way are left alone', async () => {
  const db = await freshDb()
  const days = ['2024-01-02', '2024-01-03', '2024-01-04', '2024-01-05']
  await enqueueTasks(db, DATASET, [...days.map((dt) => newTask('A', dt)), newTask('GONE', '2024-01-03')], NOW)
  await claimed(db, 'A', '2024-01-02', 'token')
  const life = { symbol: 'A', fromDt: '2024-01-04', toDt: '2024-01-04' }
  expect(await dropUnexpected(db, DATASET, [life], '2024-01-04', NOW)).toBe(2)
  const open = await db.all<{ symbol: string; dt: string }>(
    sql`SELECT symbol, dt FROM gap_tasks WHERE state <> 'done' ORDER BY dt`,
  )
  expect(open).toEqual(['2024-01-02', '2024-01-04', '2024-01-05'].map((dt) => ({ symbol: 'A', dt })))
})

test('cells are counted by the bits of their masks', async () => {
  const db = await freshDb()
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(anyMask, anyMask, anyMask, anyMask), { minLength: 1, maxLength: 6 }),
      async (rows) => {
        const masks = rows.map(([a, b, c, d]) => ({ present: a, absent: b & ~a, short: c & a, held: d & a }))
        await db.write([
          sql`DELETE FROM coverage`,
          ...masks.map(
            (row, i) => sql`INSERT INTO coverage (dataset, symbol, month, present, short, absent, held)
            VALUES (${DATASET}, ${`S${i % 3}`}, ${`2024-${i}`}, ${row.present}, ${row.short}, ${row.absent}, ${row.held})`,
          ),
        ])
        const total = (mask: 'present' | 'short' | 'absent' | 'held') =>
          masks.reduce((sum, row) => sum + bits(row[mask]).length, 0)
        expect(await countCoverage(db)).toEqual([
          {
            dataset: DATASET,
            symbols: Math.min(3, masks.length),
            present: total('present'),
            short: total('short'),
            absent: total('absent'),
            held: total('held'),
          },
        ])
        expect(await listCoverage(db, DATASET, '2024-0', '2024-9')).toHaveLength(masks.length)
      },
    ),
    { numRuns: 60 },
  )
})
