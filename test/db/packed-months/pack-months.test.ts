import { sql } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { recordAdopted } from '../../../db/adoptions/record-adopted.ts'
import { listAttempts } from '../../../db/attempts/list-attempts.ts'
import { listCellAttempts } from '../../../db/attempts/list-cell-attempts.ts'
import type { Db } from '../../../db/client.ts'
import { recordJudgement } from '../../../db/findings/record-judgement.ts'
import { enqueueMonths } from '../../../db/gap-tasks/enqueue-months.ts'
import { enqueueTasks } from '../../../db/gap-tasks/enqueue-tasks.ts'
import { recordRepaired } from '../../../db/lost-files/record-repaired.ts'
import { invalidateCells } from '../../../db/manifests/invalidate-cells.ts'
import { replayAccepted } from '../../../db/manifests/manifests.ts'
import { packMonths } from '../../../db/packed-months/pack-months.ts'
import { DAY_BYTES } from '../../../db/packed-months/table.ts'
import { leaseUnchecked } from '../../../db/partitions/partitions.ts'
import { repairClock } from '../../../db/repair-clock.ts'
import { dayBit, monthOf } from '../../../functions/_market/dt.ts'
import { NEVER } from '../filled-settlement.ts'
import { claim, DATASET, dyingAfter, freshDb, NOW, newTask, settle, settlement, snapshot, tasksIn } from '../temp-db.ts'
import { countOf, DTS, deliver, digestOf, keptOf, OPEN_MONTH } from './packed-cells.ts'
import { packedTwice, readersTell } from './readers.ts'

const SYMBOLS = ['A', 'B', 'C']
const CELLS = SYMBOLS.flatMap((symbol) => DTS.map((dt) => ({ symbol, dt })))
const pack = (db: Db, most = 10_000) => packMonths(db, DATASET, OPEN_MONTH, most)
const forms = async (db: Db) => [await countOf(db, 'attempts'), await countOf(db, 'packed_months')]

test('pack months: settled cells of closed months become a row a month, and every reader tells what it told', async () => {
  const db = await freshDb()
  await deliver(db, SYMBOLS)
  await deliver(db, ['A'], DTS, 'massive', NOW + 70_000)
  await deliver(db, SYMBOLS, ['2024-06-03'])
  const told = async () => [
    await readersTell(db, DATASET, CELLS, NOW + 90_000),
    await Promise.all(CELLS.map(({ symbol, dt }) => listCellAttempts(db, DATASET, symbol, dt))),
  ]
  const before = await told()
  expect(await pack(db)).toEqual({ packed: 16, more: false })
  expect(await forms(db)).toEqual([3, 8])
  expect(await told()).toEqual(before)
  expect(await listCellAttempts(db, DATASET, 'B', '2024-04-02')).toEqual([
    {
      ...{ vendor: 'alpaca', count: 1, outcome: 'filled', status: null, rows: 390, digest: keptOf('B', '2024-04-02') },
      ...{ note: null, at: NOW, askAgainAt: NEVER, refusedFor: null, rereadAt: null, since: null },
    },
  ])
  const [april] = await db.all<{ bytes: number; newest_at: number }>(
    sql`SELECT length(answers) AS bytes, newest_at FROM packed_months WHERE symbol = 'A' AND month = '2024-04' AND vendor = 'massive'`,
  )
  expect(april).toEqual({ bytes: 1 + 3 * DAY_BYTES, newest_at: NOW + 70_000 })
  const packed = await snapshot(db)
  expect(await pack(db)).toEqual({ packed: 0, more: false })
  expect(await snapshot(db)).toEqual(packed)
})

test('pack months: adopted cells, read and unread, and cells that were read again are told to the last column', async () => {
  const db = await freshDb()
  await deliver(db, ['A'])
  await db.write([
    sql`UPDATE attempts SET count = 0, digest = NULL, rows = 0, ask_again_at = 0, at = 0 WHERE dt = '2024-03-28'`,
    sql`UPDATE attempts SET count = 31, reread_at = at, rows = 16777215 WHERE dt = '2024-04-01'`,
    sql`UPDATE attempts SET digest = ${'0'.repeat(64)}, at = 281474976710655 WHERE dt = '2024-04-02'`,
  ])
  const told = () => Promise.all(DTS.map((dt) => listCellAttempts(db, DATASET, 'A', dt)))
  const before = await told()
  expect(await pack(db)).toEqual({ packed: 4, more: false })
  expect(await told()).toEqual(before)
})

describe('pack months: what stays a row', () => {
  const day = sql`dataset = ${DATASET} AND symbol = 'A' AND dt = '2024-04-01'`
  const changes = {
    'a short cell': sql`UPDATE attempts SET outcome = 'short' WHERE ${day}`,
    'a refused version': sql`UPDATE attempts SET refused_for = 'RANGE' WHERE ${day}`,
    'a lost version': sql`UPDATE attempts SET outcome = 'lost', digest = NULL WHERE ${day}`,
    'a note': sql`UPDATE attempts SET note = 'said so' WHERE ${day}`,
    'a vendor that may be asked again later': sql`UPDATE attempts SET ask_again_at = ${NOW + 1} WHERE ${day}`,
    'a reading that was asked for later and not answered': sql`UPDATE attempts SET reread_at = at + 1 WHERE ${day}`,
    'a count that has no room': sql`UPDATE attempts SET count = 32 WHERE ${day}`,
    'rows that have no room': sql`UPDATE attempts SET rows = 16777216 WHERE ${day}`,
    'a digest that is none': sql`UPDATE attempts SET digest = 'digest of something else, and long' WHERE ${day}`,
    'an instant before 1970': sql`UPDATE attempts SET at = -1 WHERE ${day}`,
    'a cell that is not present': sql`UPDATE coverage SET present = present & ~1 WHERE symbol = 'A' AND month = '2024-04'`,
    'a cell that counts as short': sql`UPDATE coverage SET short = 1 WHERE symbol = 'A' AND month = '2024-04'`,
    'a held cell': sql`UPDATE coverage SET held = 1 WHERE symbol = 'A' AND month = '2024-04'`,
    'a refused version of another vendor': sql`INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, rows, digest, at, ask_again_at, refused_for)
      VALUES (${DATASET}, 'A', '2024-04-01', 'massive', 1, 'filled', 1, ${digestOf('m')}, 1, ${NEVER}, 'RANGE')`,
    'a smaller answer that was not taken': sql`INSERT INTO corrections (dataset, symbol, dt, vendor, at, previous, digest, rows_before, rows, verdict)
      VALUES (${DATASET}, 'A', '2024-04-01', 'alpaca', 1, 'p', 'd', 2, 1, 'kept_more_rows')`,
  }
  test.each(Object.entries(changes))('%s', async (_, change) => {
    const db = await freshDb()
    await deliver(db, ['A'])
    await db.write([change])
    const rows = async () => (await snapshot(db)).attempts!.filter((row) => (row as { dt: string }).dt === '2024-04-01')
    const before = await rows()
    expect(await pack(db)).toEqual({ packed: 3, more: false })
    expect(await rows()).toEqual(before)
    expect(await pack(db)).toEqual({ packed: 0, more: false })
  })

  test('a cell of an open task, of one day or of several, leased or stalled', async () => {
    const db = await freshDb()
    await deliver(db, ['A', 'B'])
    await enqueueTasks(db, DATASET, [newTask('A', '2024-04-01')], NOW)
    const month = { symbol: 'B', dt: '2024-04-01', days: 3, cells: 2, expectedRows: null }
    const [{ id } = { id: 0 }] = (await tasksIn(db)).filter(({ state }) => state === 'queued')
    await claim(db, [id], 'holder')
    await db.write([
      sql`INSERT INTO gap_tasks (dataset, symbol, dt, days, cells, lane, priority, reason, state, attempts, next_at, created_at, updated_at, sort_key)
          VALUES (${DATASET}, 'B', ${month.dt}, 3, 2, 'backfill', 0, 'missing', 'stalled', 12, 0, 0, 0, 0)`,
    ])
    expect(await pack(db)).toEqual({ packed: 5, more: false })
    const rows = await db.all<{ cell: string }>(sql`SELECT symbol || ' ' || dt AS cell FROM attempts ORDER BY 1`)
    expect(rows.map(({ cell }) => cell)).toEqual(['A 2024-04-01', 'B 2024-04-01', 'B 2024-04-02'])
  })
})

test('pack months: a day that is settled later joins its month', async () => {
  const db = await freshDb()
  await deliver(db, ['A'], ['2024-04-01', '2024-04-30'])
  await pack(db)
  await deliver(db, ['A'], ['2024-04-02'], 'alpaca', NOW + 5)
  expect(await forms(db)).toEqual([1, 1])
  expect(await pack(db)).toEqual({ packed: 1, more: false })
  expect(await forms(db)).toEqual([0, 1])
  const told = await listAttempts(db, DATASET, CELLS)
  expect(told.map(({ dt, digest, at }) => [dt, digest, at]).sort()).toEqual([
    ['2024-04-01', keptOf('A', '2024-04-01'), NOW],
    ['2024-04-02', keptOf('A', '2024-04-02'), NOW + 5],
    ['2024-04-30', keptOf('A', '2024-04-30'), NOW],
  ])
})

test('pack months: bounded and killed anywhere, it goes on where it was, and no cell is ever in both forms or in none', async () => {
  const symbols = Array.from({ length: 230 }, (_, at) => `S${String(at).padStart(3, '0')}`)
  const [whole, db] = [await freshDb(), await freshDb()]
  for (const one of [whole, db]) await deliver(one, symbols)
  expect(await pack(whole)).toEqual({ packed: 920, more: false })
  let packed = 0
  for (let calls = 1; ; calls++) {
    await packMonths(dyingAfter(db, calls % 2), DATASET, OPEN_MONTH, 10_000).catch(() => undefined)
    const cells = symbols.flatMap((symbol) => DTS.map((dt) => ({ symbol, dt })))
    expect(await listAttempts(db, DATASET, cells)).toHaveLength(920)
    expect(await packedTwice(db)).toEqual([])
    const step = await pack(db, 150)
    packed += step.packed
    if (!step.more) break
    expect(step.packed).toBeLessThan(150 + 300)
  }
  expect(packed).toBeGreaterThan(0)
  expect(await snapshot(db)).toEqual(await snapshot(whole))
})

describe('pack months: whoever writes about a packed cell finds rows', () => {
  const cell = { symbol: 'A', dt: '2024-04-01', month: '2024-04', bit: 1, partition: '2024' }
  const writers: Record<string, (db: Db) => Promise<unknown>> = {
    'a new task': (db) => enqueueTasks(db, DATASET, [newTask('A', cell.dt)], NOW),
    'new tasks of a month': (db) =>
      enqueueMonths(
        db,
        { dataset: DATASET, priority: 0, newestFirst: false },
        [{ symbol: 'A', dt: cell.dt, days: 7, cells: 3, expectedRows: null }],
        NOW,
      ),
    'a settlement of a task that nobody unpacked for': async (db) => {
      await db.write([
        sql`INSERT INTO gap_tasks (dataset, symbol, dt, lane, priority, reason, state, attempts, next_at, created_at, updated_at, sort_key, vendor, blocked_for)
            VALUES (${DATASET}, 'A', ${cell.dt}, 'backfill', 0, 'manual', 'queued', 0, 0, 0, 0, 0, 'alpaca', '!alpaca')`,
      ])
      const open = (await tasksIn(db)).find(({ state }) => state === 'queued')!
      await claim(db, [open.id], 'late')
      const again = settlement(open.id, 'A', cell.dt, { digest: digestOf('changed'), rows: 391 })
      expect(await settle(db, 'late', [again])).toBe(1)
    },
    'an adoption': (db) =>
      recordAdopted(db, {
        ...{ vendor: 'alpaca', dataset: DATASET, step: null, mark: null, now: NOW },
        cells: [{ ...cell, rows: 1, digest: digestOf('adopted'), at: NOW }],
      }),
    'a manifest line': (db) =>
      replayAccepted(
        db,
        'alpaca',
        DATASET,
        [
          {
            ...{ ...cell, rows: 2, digest: digestOf('replayed'), fetchedAt: NOW + 1, writtenAt: NOW + 1 },
            ...{ previous: digestOf(`A ${cell.dt}`), difference: { added: 1 }, window: null },
          },
        ],
        { path: 'm', bytes: 1 },
        NOW + 1,
      ),
    'a loss': (db) =>
      invalidateCells(db, 'alpaca', DATASET, [{ ...cell, at: NOW + 1, path: 'p', why: 'gone', note: 'gone' }], NOW + 1),
    'a judgement': async (db) => {
      await db.write([sql`UPDATE partitions SET curated_version = version`])
      const work = await leaseUnchecked(db, 'judge', NOW, NOW + 1)
      const { symbol, dt, month, bit } = cell
      const red = { symbol, dt, month, bit, status: 'RED' as const, flags: 'RANGE', numbers: '{}', vendor: 'alpaca' }
      await recordJudgement(db, {
        ...{
          work: work!,
          token: 'judge',
          fromDt: '2024-01-01',
          toDt: '2024-12-31',
          red: 1,
          ledgerSha256: 's',
          now: NOW,
        },
        findings: [{ ...red, action: 'none', held: 1, refused: 1 }],
      })
    },
    'damage that no vendor can serve again': (db) =>
      recordRepaired(
        db,
        {
          ...{ path: 'p', vendor: 'alpaca', dataset: DATASET, dt: cell.dt },
          partition: '2024',
          why: 'kept',
          damaged: ['A'],
        },
        NOW,
      ),
    'a clock that is set back': (db) => repairClock(db, NOW - 3_600_000),
  }
  test.each(Object.entries(writers))('%s', async (_, write) => {
    const [packed, rows] = [await freshDb(), await freshDb()]
    for (const db of [packed, rows]) {
      await deliver(db, ['A', 'B'])
      await deliver(db, ['A'], DTS, 'massive')
    }
    expect(await pack(packed)).toEqual({ packed: 12, more: false })
    for (const db of [packed, rows]) await write(db)
    expect(await packedTwice(packed)).toEqual([])
    expect(await packed.all(sql`SELECT * FROM packed_months WHERE symbol = 'A' AND month = '2024-04'`)).toEqual([])
    const { packed_months: _p, attempts: _a, ...tables } = await snapshot(packed)
    const { packed_months: _q, attempts: _b, ...others } = await snapshot(rows)
    expect(tables).toEqual(others)
    const told = (db: Db) => readersTell(db, DATASET, CELLS, NOW + 10)
    expect(await told(packed)).toEqual(await told(rows))
  })

  test('a task for another day of the month leaves it packed', async () => {
    const db = await freshDb()
    await deliver(db, ['A'])
    await pack(db)
    await enqueueTasks(db, DATASET, [newTask('A', '2024-04-03')], NOW)
    expect(await forms(db)).toEqual([0, 2])
  })

  test('writers and packing at once', async () => {
    const [db, rows] = [await freshDb(), await freshDb()]
    for (const one of [db, rows]) await deliver(one, SYMBOLS)
    const writes = async (one: Db) => {
      for (const { symbol, dt } of CELLS) {
        const lost = { symbol, dt, month: monthOf(dt), bit: dayBit(dt), partition: '2024', at: NOW + 1 }
        await invalidateCells(one, 'alpaca', DATASET, [{ ...lost, path: dt, why: 'gone', note: 'gone' }], NOW + 1)
        await deliver(one, [symbol], [dt], 'alpaca', NOW + 2)
      }
    }
    const packing = async () => {
      for (let round = 0; round < 40; round++) {
        await pack(db)
        expect(await packedTwice(db)).toEqual([])
      }
    }
    await Promise.all([writes(db), packing(), packing()])
    await writes(rows)
    await pack(db)
    const told = (one: Db) => readersTell(one, DATASET, CELLS, NOW + 10)
    expect(await told(db)).toEqual(await told(rows))
    expect(await listAttempts(db, DATASET, CELLS)).toHaveLength(CELLS.length)
  })
})

describe('pack months: digests', () => {
  test('the same answer is no correction of a packed cell, and another one is, with the digits that are kept', async () => {
    const db = await freshDb()
    await deliver(db, ['A'])
    await db.write([sql`UPDATE attempts SET digest = ${digestOf('A 2024-04-01')} WHERE dt = '2024-04-01'`])
    await pack(db)
    await enqueueTasks(
      db,
      DATASET,
      ['2024-04-01', '2024-04-02'].map((dt) => newTask('A', dt, { reason: 're_read', vendor: 'alpaca' })),
      NOW,
    )
    const open = (await tasksIn(db)).filter(({ state }) => state === 'queued')
    await claim(
      db,
      open.map(({ id }) => id),
      'again',
    )
    const answers = open.map(({ id, dt }) =>
      settlement(id, 'A', dt, { reread: 1, digest: digestOf(dt === '2024-04-01' ? 'A 2024-04-01' : 'changed') }),
    )
    await settle(db, 'again', answers)
    const { corrections } = await snapshot(db)
    expect(corrections).toMatchObject([
      { dt: '2024-04-02', previous: keptOf('A', '2024-04-02'), digest: digestOf('changed').slice(0, 32) },
    ])
  })

  test('a packed month of another length than its days, or of another layout, is refused', async () => {
    const db = await freshDb()
    await deliver(db, ['A'])
    await pack(db)
    for (const answers of [
      sql`substr(answers, 1, length(answers) - 1)`,
      sql`CAST(x'02' || substr(answers, 2) AS BLOB)`,
    ])
      await expect(db.write([sql`UPDATE packed_months SET answers = ${answers}`])).rejects.toThrow(
        'packed_months_answers',
      )
    await expect(db.write([sql`UPDATE packed_months SET days = days | 1 << 20`])).rejects.toThrow(
      'packed_months_answers',
    )
  })
})
