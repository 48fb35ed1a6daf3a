import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countCoverage } from '../../../db/coverage/count-coverage.ts'
import { findGaps, gapSlices, oldestDays } from '../../../db/coverage/find-gaps.ts'
import { listCoverage } from '../../../db/coverage/list-coverage.ts'
import type { ExpectedRange, MonthMask, MonthOfGaps } from '../../../db/coverage/mask-grid.ts'
import { dropUnexpected } from '../../../db/gap-tasks/drop-unexpected.ts'
import { enqueueTasks } from '../../../db/gap-tasks/enqueue-tasks.ts'
import { dtsOfMask, maxDt, minDt } from '../../../functions/_market/dt.ts'
import { claimed, DATASET, freshDb, NOW, newTask, tasksIn } from '../temp-db.ts'

interface Covered {
  symbol: string
  month: string
  present: number
  absent: number
}

interface Queued {
  symbol: string
  dt: string
  state: 'queued' | 'leased' | 'done' | 'stalled'
}

const MONTHS = ['2023-11', '2023-12', '2024-01', '2024-02', '2024-03']
const SYMBOLS = ['AAPL', 'BRK.B', 'MSFT']
const FULL = 2 ** 31 - 1

const bits = (mask: number): number[] =>
  Array.from({ length: 31 }, (_, i) => i + 1).filter((day) => mask & (1 << (day - 1)))

/** The same question, asked cell by cell. */
function naiveGaps(ranges: ExpectedRange[], months: MonthMask[], covered: Covered[], queued: Queued[]): string[] {
  const cells: string[] = []
  for (const { month, mask } of months) {
    for (const { symbol, fromDt, toDt } of ranges) {
      const known = covered.find((row) => row.symbol === symbol && row.month === month)
      for (const day of bits(mask)) {
        const dt = `${month}-${String(day).padStart(2, '0')}`
        if (dt < fromDt || dt > toDt) continue
        if (known && bits(known.present | known.absent).includes(day)) continue
        if (queued.some((task) => task.symbol === symbol && task.dt === dt && task.state !== 'done')) continue
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
  ranges: fc
    .uniqueArray(fc.record({ symbol: fc.constantFrom(...SYMBOLS), a: anyDt, b: anyDt }), {
      selector: (symbolRange) => symbolRange.symbol,
    })
    .map((all) => all.map(({ symbol, a, b }) => ({ symbol, fromDt: minDt(a, b), toDt: maxDt(a, b) }))),
  covered: fc
    .uniqueArray(
      fc.record({ symbol: fc.constantFrom(...SYMBOLS), month: fc.constantFrom(...MONTHS), a: anyMask, b: anyMask }),
      { selector: ({ symbol, month }) => `${symbol} ${month}` },
    )
    .map((rows) => rows.map(({ a, b, ...row }) => ({ ...row, present: a, absent: b & ~a }))),
  queued: fc.uniqueArray(
    fc.record({
      symbol: fc.constantFrom(...SYMBOLS),
      dt: anyDt,
      state: fc.constantFrom('queued' as const, 'leased' as const, 'done' as const, 'stalled' as const),
    }),
    { selector: ({ symbol, dt }) => `${symbol} ${dt}` },
  ),
})

test('find gaps: gaps are expected minus known and minus queued, as a naive count finds them', async () => {
  const db = await freshDb()
  await fc.assert(
    fc.asyncProperty(anyScene, async ({ months, ranges, covered, queued }) => {
      await db.write([
        sql`DELETE FROM coverage`,
        sql`DELETE FROM gap_tasks`,
        ...covered.map(
          (row) => sql`INSERT INTO coverage (dataset, symbol, month, present, absent)
            VALUES (${DATASET}, ${row.symbol}, ${row.month}, ${row.present}, ${row.absent})`,
        ),
      ])
      const tasks = queued.map(({ symbol, dt }) => newTask(symbol, dt))
      await enqueueTasks(db, DATASET, tasks, NOW)
      await db.write(
        queued.map(
          (q) => sql`UPDATE gap_tasks SET state = ${q.state}, lease = CASE ${q.state} WHEN 'leased' THEN 1 END,
            done_at = CASE ${q.state} WHEN 'done' THEN 0 END WHERE symbol = ${q.symbol} AND dt = ${q.dt}`,
        ),
      )
      const found = await findGaps(db, DATASET, ranges, months, 1_000)
      const cells = found.flatMap(({ symbol, month, gaps }) => bits(gaps).map((day) => `${month} ${symbol} ${day}`))
      expect(cells.sort()).toEqual(naiveGaps(ranges, months, covered, queued))
      const inOrder = [...found].sort((a, b) => (a.month + a.symbol < b.month + b.symbol ? -1 : 1))
      expect(found).toEqual(inOrder)
      expect(await findGaps(db, DATASET, ranges, months, 2)).toEqual(inOrder.slice(0, 2))
    }),
    { numRuns: 120 },
  )
})

test('find gaps: the first and the last day of a life count, one day more does not', async () => {
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

/** Chance that is the same in every run: a linear congruence in 32 bits. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Twenty years of 800 symbols that begin and end anywhere: more than one statement reads and more than one slice hands over. */
function wideScene() {
  const chance = seeded(20_251_127)
  const months = Array.from({ length: 240 }, (_, at) => ({
    month: `${2005 + Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, '0')}`,
    mask: Math.floor(chance() * FULL),
  }))
  const anyDay = () =>
    `${months[Math.floor(chance() * 240)]?.month}-${String(1 + Math.floor(chance() * 31)).padStart(2, '0')}`
  const ranges = Array.from({ length: 800 }, (_, at) => {
    const [a, b] = at % 3 === 0 ? ['2005-01-01', '2024-12-31'] : [anyDay(), anyDay()]
    return { symbol: `S${at}`, fromDt: minDt(a, b), toDt: maxDt(a, b) }
  })
  const covered = ranges.flatMap(({ symbol }, at) =>
    // Some symbols are unknown altogether, some explained altogether.
    months.flatMap(({ month }) => {
      if (at % 7 === 0 || chance() < 0.5) return []
      const present = at % 7 === 1 ? 0 : Math.floor(chance() * 2 ** 31)
      return [{ symbol, month, present, absent: (at % 7 === 1 ? FULL : Math.floor(chance() * 2 ** 31)) & ~present }]
    }),
  )
  return { months, ranges, covered }
}

test('find gaps: 800 symbols by 20 years are found month by month as they are by hand, oldest slice first, symbol by symbol in a slice', async () => {
  const db = await freshDb()
  const { months, ranges, covered } = wideScene()
  await db.write([
    sql`INSERT INTO coverage (dataset, symbol, month, present, absent)
        SELECT ${DATASET}, value->>'symbol', value->>'month', value->>'present', value->>'absent'
        FROM json_each(${JSON.stringify(covered)})`,
  ])
  const known = new Map(covered.map(({ symbol, month, present, absent }) => [`${symbol} ${month}`, present | absent]))
  const cutOf = (day: number) => 2 ** day - 1
  const byHand = ranges.flatMap(({ symbol, fromDt, toDt }) =>
    months.flatMap(({ month, mask }) => {
      if (month < fromDt.slice(0, 7) || month > toDt.slice(0, 7)) return []
      const before = month === fromDt.slice(0, 7) ? cutOf(Number(fromDt.slice(8)) - 1) : 0
      const until = month === toDt.slice(0, 7) ? cutOf(Number(toDt.slice(8))) : FULL
      const gaps = mask & ~before & until & ~(known.get(`${symbol} ${month}`) ?? 0)
      return gaps === 0 ? [] : [`${symbol} ${month} ${gaps}`]
    }),
  )
  const slices: MonthOfGaps[][] = []
  for await (const slice of gapSlices(db, DATASET, ranges.toReversed(), months.toReversed())) slices.push(slice)
  const said = ({ symbol, month, gaps }: MonthOfGaps) => `${symbol} ${month} ${gaps}`
  expect(slices.flat().map(said).sort()).toEqual(byHand.sort())
  expect(slices.length).toBeGreaterThan(1)
  const edges = slices.map((slice) => slice.map(({ month }) => month).sort())
  for (const [at, edge] of edges.slice(1).entries()) expect(edges[at]!.at(-1)! < edge[0]!).toBe(true)
  for (const slice of slices) {
    const order = slice.map(({ symbol, month }) => `${symbol} ${month}`)
    expect(order).toEqual([...order].sort())
  }
})

test('find gaps: the event loop turns while gaps are looked for', async () => {
  const db = await freshDb()
  const { months, ranges } = wideScene()
  let turns = 0
  const timer = setInterval(() => turns++, 0)
  for await (const _ of gapSlices(db, DATASET, ranges, months)) void _
  clearInterval(timer)
  expect(turns).toBeGreaterThan(3)
})

test('find gaps: of a slice that does not fit, the oldest days are kept, of one that does, all of them in their order', () => {
  const cells = (months: readonly MonthOfGaps[]) =>
    months.flatMap(({ symbol, month, gaps }) => dtsOfMask(month, gaps).map((dt) => ({ symbol, dt })))
  const anySlice = fc.uniqueArray(
    fc.record({
      symbol: fc.constantFrom(...SYMBOLS),
      month: fc.constantFrom(...MONTHS),
      gaps: fc.integer({ min: 1, max: FULL }),
    }),
    { selector: ({ symbol, month }) => `${symbol} ${month}` },
  )
  fc.assert(
    fc.property(anySlice, fc.nat(200), (slice, most) => {
      const kept = oldestDays(slice, most)
      const all = cells(slice)
      if (all.length <= most) {
        expect(kept).toBe(slice)
        return
      }
      expect(cells(kept)).toHaveLength(most)
      const dropped = all.filter(
        (cell) => !cells(kept).some(({ symbol, dt }) => symbol === cell.symbol && dt === cell.dt),
      )
      const newest = cells(kept).reduce((a, { dt }) => maxDt(a, dt), '0000-01-01')
      expect(dropped.filter((cell) => cell.dt < newest)).toEqual([])
    }),
  )
})

test('find gaps: coverage of another dataset fills no gap', async () => {
  const db = await freshDb()
  await db.write([
    sql`INSERT INTO coverage (dataset, symbol, month, present) VALUES ('other', 'A', '2024-01', ${FULL})`,
  ])
  const symbolRange = { symbol: 'A', fromDt: '2024-01-02', toDt: '2024-01-02' }
  expect(await findGaps(db, DATASET, [symbolRange], [{ month: '2024-01', mask: 2 }], 10)).toHaveLength(1)
})

test('find gaps: a gap that is queued already is no gap, until its task is done', async () => {
  const db = await freshDb()
  const symbolRange = { symbol: 'A', fromDt: '2024-01-02', toDt: '2024-01-04' }
  const gaps = () => findGaps(db, DATASET, [symbolRange], [{ month: '2024-01', mask: FULL }], 10)
  await enqueueTasks(db, DATASET, [newTask('A', '2024-01-03'), newTask('A', '2024-01-02')], NOW)
  expect(await gaps()).toEqual([{ symbol: 'A', month: '2024-01', gaps: 0b1000 }])
  await db.write([sql`UPDATE gap_tasks SET state = 'done', done_at = 0 WHERE dt = '2024-01-02'`])
  expect(await gaps()).toEqual([{ symbol: 'A', month: '2024-01', gaps: 0b1010 }])
})

test('find gaps: tasks of days nobody expects any more end, later days and tasks under way are left alone', async () => {
  const db = await freshDb()
  const days = ['2024-01-02', '2024-01-03', '2024-01-04', '2024-01-05']
  await enqueueTasks(db, DATASET, [...days.map((dt) => newTask('A', dt)), newTask('GONE', '2024-01-03')], NOW)
  await claimed(db, 'A', '2024-01-02', 'token')
  const symbolRange = { symbol: 'A', fromDt: '2024-01-04', toDt: '2024-01-04' }
  expect(await dropUnexpected(db, DATASET, [symbolRange], '2024-01-04', NOW)).toBe(2)
  const open = await db.all<{ symbol: string; dt: string }>(
    sql`SELECT symbol, dt FROM gap_tasks WHERE state <> 'done' ORDER BY dt`,
  )
  expect(open).toEqual(['2024-01-02', '2024-01-04', '2024-01-05'].map((dt) => ({ symbol: 'A', dt })))
})

test('find gaps: tasks are dropped outside every life, as a look at each of them finds', async () => {
  const db = await freshDb()
  const anyRange = fc.record({ symbol: fc.constantFrom(...SYMBOLS), a: anyDt, b: anyDt })
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(anyRange, { selector: ({ symbol }) => symbol }),
      fc.uniqueArray(fc.tuple(fc.constantFrom(...SYMBOLS, 'GONE', 'A'), anyDt), { selector: (cell) => cell.join(' ') }),
      anyDt,
      async (drawn, cells, asof) => {
        await db.write([sql`DELETE FROM gap_tasks`])
        const ranges = drawn.map(({ symbol, a, b }) => ({ symbol, fromDt: minDt(a, b), toDt: maxDt(a, b) }))
        await enqueueTasks(
          db,
          DATASET,
          cells.map(([symbol, dt]) => newTask(symbol, dt)),
          NOW,
        )
        await enqueueTasks(db, 'other', [newTask('GONE', '2023-12-01')], NOW)
        const unwanted = cells.filter(([symbol, dt]) => {
          const symbolRange = ranges.find((one) => one.symbol === symbol)
          return dt <= asof && !(symbolRange && dt >= symbolRange.fromDt && dt <= symbolRange.toDt)
        })
        expect(await dropUnexpected(db, DATASET, ranges, asof, NOW)).toBe(unwanted.length)
        const ended = (await tasksIn(db))
          .filter(({ state }) => state === 'done')
          .map(({ symbol, dt }) => `${symbol} ${dt}`)
        expect(ended.sort()).toEqual(unwanted.map((cell) => cell.join(' ')).sort())
      },
    ),
    { numRuns: 60 },
  )
})

test('find gaps: cells are counted by the bits of their masks', async () => {
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
