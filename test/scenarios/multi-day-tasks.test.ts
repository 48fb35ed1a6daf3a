import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { listAbsences } from '../../db/absences/absences.ts'
import { recordAdopted } from '../../db/adoptions/record-adopted.ts'
import { listAttempts } from '../../db/attempts/list-attempts.ts'
import type { Db } from '../../db/client.ts'
import { demote } from '../../db/demotions/demotions.ts'
import { bumpPriority } from '../../db/gap-tasks/bump-priority.ts'
import { claimTasks, type PartOfTask } from '../../db/gap-tasks/claim-tasks.ts'
import type { QueuedTask } from '../../db/gap-tasks/claimable.ts'
import { countOpenTasks, countTasks } from '../../db/gap-tasks/count-tasks.ts'
import { dropUnexpected } from '../../db/gap-tasks/drop-unexpected.ts'
import { enqueueMonths, type NewMonth } from '../../db/gap-tasks/enqueue-months.ts'
import { enqueueTasks } from '../../db/gap-tasks/enqueue-tasks.ts'
import { findHead } from '../../db/gap-tasks/find-head.ts'
import { findNeighbours } from '../../db/gap-tasks/find-neighbours.ts'
import { findTask } from '../../db/gap-tasks/find-task.ts'
import { reapLeases } from '../../db/gap-tasks/reap-leases.ts'
import { settleRefused } from '../../db/gap-tasks/settle-refused.ts'
import { splitAtBorders } from '../../db/gap-tasks/split-tasks.ts'
import { tallyTasks } from '../../db/gap-tasks/tally-tasks.ts'
import { dayBit, dtsOfMask } from '../../functions/_market/dt.ts'
import { NEVER } from '../db/filled-settlement.ts'
import {
  DATASET,
  explaining,
  freshDb,
  NOTHING_THERE,
  NOW,
  newTask,
  reachOf,
  settle,
  settlement,
  tasksIn,
} from '../db/temp-db.ts'

const JUNE = '2024-06'
const DAYS = ['2024-06-03', '2024-06-04', '2024-06-05', '2024-06-06']
const MASK = DAYS.reduce((mask, dt) => mask | dayBit(dt), 0)
const reach = reachOf('alpaca')

const month = (symbol: string, days = MASK, name = JUNE): NewMonth => {
  const dts = dtsOfMask(name, days)
  return { symbol, dt: dts[0]!, days, cells: dts.length, expectedRows: 1 }
}
const enqueue = (db: Db, ...months: NewMonth[]): Promise<number> =>
  enqueueMonths(db, { dataset: DATASET, priority: 10, newestFirst: false }, months, NOW)

interface Row {
  symbol: string
  dt: string
  days: number | null
  cells: number
  state: string
  attempts: number
}
const rows = (db: Db): Promise<Row[]> =>
  db.all<Row>(sql`SELECT symbol, dt, days, cells, state, attempts FROM gap_tasks ORDER BY symbol, dt`)
const told = async (db: Db): Promise<string[]> =>
  (await tasksIn(db)).map(({ symbol, dt, state }) => `${symbol} ${dt} ${state}`).sort()

const take = (db: Db, parts: PartOfTask[], token: string, now = NOW): Promise<Set<number>> =>
  claimTasks(db, { ids: [], parts, vendor: 'alpaca', token, holder: 'test', now, leaseExpiresAt: now + 60_000 })
const partOf = ({ id, dt, days }: QueuedTask, wanted = days!): PartOfTask => ({ id, dt, days: days!, wanted })
const headOf = async (db: Db): Promise<QueuedTask> => (await findHead(db, reach))!

async function queued(...symbols: string[]): Promise<Db> {
  const db = await freshDb()
  await enqueue(db, ...(symbols.length === 0 ? ['AAPL'] : symbols).map((symbol) => month(symbol)))
  return db
}

test('multi day tasks: what vendors refused of other symbols is not walked past when tasks are queued or put back', async () => {
  const db = await freshDb()
  const { db: spying, plans } = explaining(db)
  await enqueue(spying, month('A'))
  const head = await headOf(db)
  await take(db, [partOf(head)], 'of A')
  const again = { ...NOTHING_THERE, outcome: 'empty', state: 'queued' } as const
  await settle(
    spying,
    'of A',
    DAYS.map((dt) => settlement(head.id, 'A', dt, again)),
  )
  const steps = (await plans()).flat()
  expect(steps.filter((step) => /^SCAN (d|demotions)\b/.test(step))).toEqual([])
  expect(
    steps.filter((step) => /^SEARCH d USING INDEX .* \(dataset=\? AND symbol=\?\)/.test(step)).length,
  ).toBeGreaterThan(2)
})

test('multi day tasks: gaps of a month nobody spoke of are one task, and count for as many as they are', async () => {
  const db = await freshDb()
  expect(await enqueue(db, month('AAPL'), month('MSFT', dayBit('2024-06-05')))).toBe(5)
  expect(await rows(db)).toEqual([
    { symbol: 'AAPL', dt: '2024-06-03', days: MASK, cells: 4, state: 'queued', attempts: 0 },
    { symbol: 'MSFT', dt: '2024-06-05', days: null, cells: 1, state: 'queued', attempts: 0 },
  ])
  expect(await countOpenTasks(db)).toBe(5)
  expect(await tallyTasks(db, {})).toMatchObject([{ tasks: 5, oldestDt: '2024-06-03', newestDt: '2024-06-06' }])
  expect(await tallyTasks(db, { fromDt: '2024-06-05', toDt: '2024-06-05' })).toMatchObject([{ tasks: 2 }])
  expect(await findTask(db, DATASET, 'AAPL', '2024-06-05')).toMatchObject({ state: 'queued' })
  expect(await findTask(db, DATASET, 'AAPL', '2024-06-07')).toBeUndefined()
})

test('multi day tasks: queued twice, whole or in part, no cell has two tasks', async () => {
  const db = await queued()
  expect(await enqueue(db, month('AAPL'))).toBe(0)
  expect(await enqueue(db, month('AAPL', MASK | dayBit('2024-06-07')))).toBe(1)
  expect(await enqueueTasks(db, DATASET, [newTask('AAPL', '2024-06-05'), newTask('AAPL', '2024-06-10')], NOW)).toBe(1)
  expect(await told(db)).toEqual([...DAYS, '2024-06-07', '2024-06-10'].map((dt) => `AAPL ${dt} queued`))
})

test.each([
  ['an answer to one of them', (db: Db) => answered(db, '2024-06-05')],
  ['a refusal of the first of them', (db: Db) => refused(db, 'AAPL', '0000-01-01', '2024-06-04')],
  ['a refusal of the whole dataset from one of them on', (db: Db) => refused(db, '*', '2024-06-05', '9999-12-31')],
  ['a task for one of them', (db: Db) => enqueueTasks(db, DATASET, [newTask('AAPL', '2024-06-05')], NOW)],
])('multi day tasks: days that %s tells apart have tasks of their own', async (_what, arrange) => {
  const db = await freshDb()
  await arrange(db)
  await enqueue(db, month('AAPL'))
  expect((await rows(db)).map(({ dt, days }) => [dt, days])).toEqual(DAYS.map((dt) => [dt, null]))
})

const answered = (db: Db, dt: string) =>
  db.write([
    sql`INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, rows, at, ask_again_at)
      VALUES (${DATASET}, 'AAPL', ${dt}, 'massive', 1, 'empty', 0, ${NOW}, ${NOW + 1})`,
  ])
const refused = (db: Db, symbol: string, fromDt: string, toDt: string) =>
  demote(db, [{ vendor: 'fred', dataset: DATASET, symbol, fromDt, toDt, outcome: 'before_history', until: NEVER }])

test('multi day tasks: a claim takes the days it wants, and the others stay queued behind their own first day', async () => {
  const db = await queued()
  const head = await headOf(db)
  const wanted = dayBit('2024-06-04') | dayBit('2024-06-06')
  expect(await take(db, [partOf(head, wanted)], 'token')).toEqual(new Set([head.id]))
  expect(await rows(db)).toEqual([
    { symbol: 'AAPL', dt: '2024-06-03', days: MASK & ~wanted, cells: 2, state: 'queued', attempts: 0 },
    { symbol: 'AAPL', dt: '2024-06-04', days: wanted, cells: 2, state: 'leased', attempts: 1 },
  ])
  expect(await headOf(db)).toMatchObject({ dt: '2024-06-03', days: MASK & ~wanted })
})

test('multi day tasks: a claim that is sent again, or read before somebody else cut the task, takes nothing and leaves nothing over', async () => {
  const db = await queued()
  const head = await headOf(db)
  const wanted = dayBit('2024-06-03')
  await take(db, [partOf(head, wanted)], 'token')
  const before = await rows(db)
  expect(await take(db, [partOf(head, wanted)], 'token')).toEqual(new Set([head.id]))
  expect(await take(db, [partOf(head)], 'another')).toEqual(new Set())
  expect(await rows(db)).toEqual(before)
  // Also when what was left over is done by then.
  const rest = await headOf(db)
  await take(db, [partOf(rest)], 'rest')
  await settle(
    db,
    'rest',
    DAYS.slice(1).map((dt) => settlement(rest.id, 'AAPL', dt)),
  )
  await take(db, [partOf(head, wanted)], 'token')
  expect(await told(db)).toEqual(DAYS.map((dt, at) => `AAPL ${dt} ${at === 0 ? 'leased' : 'done'}`))
})

test('multi day tasks: each day of a month keeps what was said of it, however unlike its neighbours it ended and however far apart they lie', async () => {
  const db = await freshDb()
  const days = ['2024-07-01', '2024-07-02', '2024-07-09', '2024-07-10', '2024-07-11', '2024-07-31']
  await enqueue(
    db,
    month(
      'AAPL',
      days.reduce((mask, dt) => mask | dayBit(dt), 0),
      '2024-07',
    ),
  )
  const { id } = await headOf(db)
  await take(db, [partOf(await headOf(db))], 'token')
  const empty = { ...NOTHING_THERE, outcome: 'empty', absence: 'SOURCE_SAYS_NONE' } as const
  const ends = days.map((dt) => settlement(id, 'AAPL', dt, dt === '2024-07-09' || dt === '2024-07-10' ? empty : {}))
  ends[0] = settlement(id, 'AAPL', days[0]!, { digest: 'a'.repeat(64) })
  expect(await settle(db, 'token', ends.toReversed())).toBe(1)
  const known = await listAttempts(
    db,
    DATASET,
    days.map((dt) => ({ symbol: 'AAPL', dt })),
  )
  const inOrder = known.toSorted((a, b) => (a.dt < b.dt ? -1 : 1))
  expect(inOrder.map(({ dt, outcome, digest }) => ({ dt, outcome, digest }))).toEqual(
    ends.map(({ dt, outcome, digest }) => ({ dt, outcome, digest: digest?.slice(0, 32) ?? null })),
  )
  const absent = dayBit('2024-07-09') | dayBit('2024-07-10')
  expect(await db.all(sql`SELECT present, absent FROM coverage`)).toEqual([
    { present: days.reduce((mask, dt) => mask + dayBit(dt), 0) - absent, absent },
  ])
  expect((await listAbsences(db, DATASET, '2024-07-01', '2024-07-31')).map(({ dt }) => dt)).toEqual([
    '2024-07-09',
    '2024-07-10',
  ])
  expect(await db.all(sql`SELECT last_dt FROM bookmarks`)).toEqual([{ last_dt: '2024-07-31' }])
})

test('multi day tasks: what is filled is done, and every other day becomes a task of its own with the attempt it used up', async () => {
  const db = await queued()
  const { id } = await headOf(db)
  await take(db, [partOf(await headOf(db))], 'token')
  const later = {
    ...NOTHING_THERE,
    outcome: 'unavailable',
    state: 'queued',
    nextAt: NOW + 5,
    askAgainAt: NOW + 5,
  } as const
  const snoozed = { ...later, outcome: 'rate_limited', countsAsAttempt: 0 } as const
  expect(
    await settle(db, 'token', [
      settlement(id, 'AAPL', DAYS[0]!, later),
      settlement(id, 'AAPL', DAYS[1]!),
      settlement(id, 'AAPL', DAYS[2]!),
      settlement(id, 'AAPL', DAYS[3]!, snoozed),
    ]),
  ).toBe(1)
  expect(await rows(db)).toEqual([
    { symbol: 'AAPL', dt: DAYS[0], days: null, cells: 1, state: 'queued', attempts: 1 },
    { symbol: 'AAPL', dt: DAYS[1], days: dayBit(DAYS[1]!) | dayBit(DAYS[2]!), cells: 2, state: 'done', attempts: 1 },
    { symbol: 'AAPL', dt: DAYS[3], days: null, cells: 1, state: 'queued', attempts: 0 },
  ])
  expect(await db.all(sql`SELECT count(*) AS n FROM leases`)).toEqual([{ n: 0 }])
  expect(await db.all(sql`SELECT DISTINCT blocked_for AS bucket FROM gap_tasks WHERE state = 'queued'`)).toEqual([
    { bucket: '*' },
  ])
  expect(await findHead(db, { ...reach, now: NOW + 5 })).toMatchObject({ dt: DAYS[0], days: null })
})

test('multi day tasks: days that ended otherwise than most are done as tasks of their own, so that the counts tell what became of each', async () => {
  const db = await queued()
  const head = await headOf(db)
  await take(db, [partOf(head)], 'token')
  const empty = { ...NOTHING_THERE, outcome: 'empty', absence: 'SOURCE_SAYS_NONE' } as const
  await settle(
    db,
    'token',
    DAYS.map((dt, at) => settlement(head.id, 'AAPL', dt, at === 0 ? empty : {})),
  )
  const counts = (await countTasks(db)).map(({ state, lastOutcome, tasks }) => `${state} ${lastOutcome} ${tasks}`)
  expect(counts).toEqual(['done empty 1', 'done filled 3'])
})

test('multi day tasks: where nothing is filled each day is a task of its own', async () => {
  const db = await queued()
  const head = await headOf(db)
  await take(db, [partOf(head)], 'token')
  const failed = { ...NOTHING_THERE, outcome: 'malformed', state: 'stalled', absence: 'GIVEN_UP' } as const
  await settle(
    db,
    'token',
    DAYS.map((dt) => settlement(head.id, 'AAPL', dt, failed)),
  )
  expect((await rows(db)).map(({ dt, state, attempts }) => `${dt} ${state} ${attempts}`)).toEqual(
    DAYS.map((dt) => `${dt} stalled 1`),
  )
})

test('multi day tasks: a holder whose lease has passed on settles nothing, and what it held is tried again as it was', async () => {
  const db = await queued()
  const head = await headOf(db)
  await take(db, [partOf(head)], 'late')
  expect(await reapLeases(db, 12, NOW + 60_000)).toBe(4)
  expect(await rows(db)).toMatchObject([{ days: MASK, state: 'queued', attempts: 1 }])
  expect(
    await settle(
      db,
      'late',
      DAYS.map((dt) => settlement(head.id, 'AAPL', dt)),
    ),
  ).toBe(0)
  expect(await rows(db)).toMatchObject([{ days: MASK, state: 'queued', attempts: 1 }])
})

test('multi day tasks: days that kill their holders together are tried one by one, and then given up', async () => {
  const db = await queued()
  let now = NOW
  for (let attempt = 1; attempt <= 3; attempt++, now += 60_000) {
    await take(db, [partOf((await findHead(db, { ...reach, now }))!)], `token ${attempt}`, now)
    await reapLeases(db, 3, now + 60_000)
  }
  expect((await rows(db)).map(({ dt, days, state, attempts }) => [dt, days, state, attempts])).toEqual(
    DAYS.map((dt) => [dt, null, 'queued', 3]),
  )
  const ids = (await tasksIn(db)).map(({ id }) => id)
  await claimTasks(db, { ids, vendor: 'alpaca', token: 'last', holder: 'test', now, leaseExpiresAt: now + 60_000 })
  await reapLeases(db, 3, now + 60_000)
  expect((await rows(db)).map(({ state }) => state)).toEqual(DAYS.map(() => 'stalled'))
  expect(await db.all(sql`SELECT count(*) AS n FROM absences WHERE reason = 'GIVEN_UP'`)).toEqual([{ n: 4 }])
})

test('multi day tasks: who speaks of single days splits their task first', async () => {
  const db = await queued('AAPL', 'MSFT', 'NVDA', 'ORCL')
  const adopted = {
    symbol: 'AAPL',
    dt: DAYS[1]!,
    month: JUNE,
    bit: dayBit(DAYS[1]!),
    partition: '2024',
    rows: 1,
    digest: 'd',
    at: NOW,
  }
  await recordAdopted(db, { vendor: 'alpaca', dataset: DATASET, cells: [adopted], step: null, mark: null, now: NOW })
  await settleRefused(
    db,
    DATASET,
    [{ symbol: 'MSFT', fromDt: DAYS[2]!, toDt: '9999-12-31', reason: 'NOT_ENTITLED', recheckAt: NOW }],
    NOW,
  )
  await bumpPriority(
    db,
    DATASET,
    { symbols: ['NVDA'], fromDt: DAYS[0]!, toDt: DAYS[0]! },
    { lane: 'today', priority: 50 },
    NOW,
  )
  await dropUnexpected(
    db,
    DATASET,
    ['AAPL', 'MSFT', 'NVDA', 'ORCL'].map((symbol) => ({
      symbol,
      fromDt: '1990-01-02',
      toDt: symbol === 'ORCL' ? DAYS[0]! : '2024-06-28',
    })),
    '2024-06-28',
    NOW,
  )
  const open = (await told(db)).filter((line) => line.endsWith('queued'))
  expect(open).toEqual([
    ...[0, 2, 3].map((at) => `AAPL ${DAYS[at]} queued`),
    ...[0, 1].map((at) => `MSFT ${DAYS[at]} queued`),
    ...DAYS.map((dt) => `NVDA ${dt} queued`),
    `ORCL ${DAYS[0]} queued`,
  ])
  expect(await headOf(db)).toMatchObject({ symbol: 'NVDA', dt: DAYS[0], days: null, lane: 'today' })
})

test('multi day tasks: a border within a month splits its tasks, one between months none', async () => {
  const db = await queued('AAPL', 'MSFT')
  await splitAtBorders(db, DATASET, [{ symbol: '*', fromDt: '2024-06-01', toDt: '2024-06-30' }], NOW)
  expect(await rows(db)).toHaveLength(2)
  await splitAtBorders(db, DATASET, [{ symbol: 'MSFT', fromDt: '2024-06-05', toDt: '2025-01-01' }], NOW)
  expect((await rows(db)).map(({ symbol, days }) => `${symbol} ${days}`)).toEqual([
    `AAPL ${MASK}`,
    ...DAYS.map(() => 'MSFT null'),
  ])
  await refused(db, 'AAPL', '0000-01-01', '2024-06-04')
  await splitAtBorders(db, DATASET, [], NOW)
  expect(await rows(db)).toHaveLength(8)
})

test('multi day tasks: neighbours say between which days no task is missing', async () => {
  const db = await freshDb()
  const symbols = Array.from({ length: 1_500 }, (_, at) => `S${String(at).padStart(4, '0')}`)
  for (const name of ['2024-04', '2024-05', '2024-06'])
    await enqueue(db, ...symbols.map((symbol) => month(symbol, 0b1111100, name)))
  const head = await headOf(db)
  const { tasks, fromDt, toDt } = await findNeighbours(db, reach, head, 7_000)
  expect([fromDt, toDt]).toEqual(['0000-01-01', '2024-05-02'])
  expect(tasks.filter(({ dt }) => dt < '2024-05')).toHaveLength(symbols.length - 1)
  expect(await findNeighbours(db, reach, head, 100_000)).toMatchObject({ toDt: '9999-12-31' })
})

test('multi day tasks: whatever is queued, claimed in parts, settled, lost and split, in whatever order, a cell has at most one open task', async () => {
  const step = fc.record({
    what: fc.constantFrom('enqueue', 'single', 'claim', 'settle', 'lapse', 'border', 'adopt'),
    symbol: fc.constantFrom('A', 'B'),
    mask: fc.integer({ min: 1, max: 2 ** 12 - 1 }),
    outcomes: fc.integer({ min: 0, max: 2 ** 12 - 1 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const db = await freshDb()
      const held: { token: string; task: QueuedTask; wanted: number }[] = []
      let [now, tokens] = [NOW, 0]
      for (const { what, symbol, mask, outcomes } of steps) {
        now += what === 'lapse' ? 61_000 : 1_000
        const [first] = dtsOfMask(JUNE, mask)
        if (what === 'enqueue')
          await enqueueMonths(
            db,
            { dataset: DATASET, priority: 0, newestFirst: outcomes % 2 === 0 },
            [month(symbol, mask)],
            now,
          )
        if (what === 'single') await enqueueTasks(db, DATASET, [newTask(symbol, first!)], now)
        if (what === 'border') await splitAtBorders(db, DATASET, [{ symbol, fromDt: first!, toDt: first! }], now)
        if (what === 'adopt') {
          const cell = {
            symbol,
            dt: first!,
            month: JUNE,
            bit: dayBit(first!),
            partition: '2024',
            rows: 1,
            digest: 'd',
            at: now,
          }
          await recordAdopted(db, { vendor: 'massive', dataset: DATASET, cells: [cell], step: null, mark: null, now })
        }
        if (what === 'lapse') await reapLeases(db, 3, now)
        if (what === 'claim') {
          const task = await findHead(db, { ...reach, now })
          if (!task) continue
          const token = `token ${++tokens}`
          const wanted = task.days === null ? dayBit(task.dt) : task.days & mask || task.days
          const parts = task.days === null ? [] : [partOf(task, wanted)]
          const ids = task.days === null ? [task.id] : []
          const taken = await claimTasks(db, {
            ids,
            parts,
            vendor: 'alpaca',
            token,
            holder: 'test',
            now,
            leaseExpiresAt: now + 60_000,
          })
          expect(taken).toEqual(new Set([task.id]))
          held.push({ token, task, wanted })
        }
        if (what === 'settle') {
          const one = held.splice(mask % Math.max(1, held.length), 1)[0]
          if (!one) continue
          const { symbol: of, id } = one.task
          const all = dtsOfMask(JUNE, one.wanted).map((dt) => {
            const failed = {
              ...NOTHING_THERE,
              outcome: 'unavailable',
              state: 'queued',
              nextAt: now,
              askAgainAt: now,
            } as const
            return settlement(id, of, dt, (outcomes & dayBit(dt)) === 0 ? failed : {})
          })
          expect([0, 1]).toContain(await settle(db, one.token, all, { now }))
        }
        const cells = (await tasksIn(db))
          .filter(({ state }) => state !== 'done')
          .map(({ symbol: of, dt }) => `${of} ${dt}`)
        expect(new Set(cells).size).toBe(cells.length)
        expect(await countOpenTasks(db)).toBe(cells.length)
      }
    }),
    { numRuns: 25, seed: 5 },
  )
})
