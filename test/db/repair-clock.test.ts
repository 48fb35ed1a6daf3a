import { sql } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { COUNTED_MS } from '../../db/budgets/take-calls.ts'
import type { Db } from '../../db/client.ts'
import { MOMENTS, NEVER, NEWEST_STAMPS } from '../../db/clock-moments.ts'
import { enqueueTasks } from '../../db/gap-tasks/enqueue-tasks.ts'
import { newestStamp, repairClock } from '../../db/repair-clock.ts'
import { DATASET, freshDb, NOW, newTask, snapshot } from './temp-db.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** What the clock showed while it ran ahead. */
const THEN = NOW + 730 * DAY

/** Columns of instants that other rules see to. */
const RULED = [
  'budgets.starts_at',
  'leases.lease_expires_at',
  'partitions.lease_expires_at',
  'ticks.scheduled_at',
  'vendor_call_stats.starts_at',
  'gap_tasks.blocked_until',
  'packed_months.newest_at',
  // A number of days, written anew by every audit.
  'scrubs.night',
]

describe('repair clock: the table of instants', () => {
  test('names every column that holds one, and none that is not there', async () => {
    const db = await freshDb()
    const tables = await db.all<{ name: string }>(
      sql`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name <> 'settlement_staging'`,
    )
    const there: string[] = []
    for (const { name } of tables) {
      const columns = await db.all<{ name: string }>(sql`SELECT name FROM pragma_table_info(${name})`)
      for (const column of columns)
        if (/^at$|_at$|_until$|^until$|^as_of$|^night$/.test(column.name)) there.push(`${name}.${column.name}`)
    }
    const known = MOMENTS.flatMap(({ table, stamps, waits = [] }) =>
      [...stamps, ...waits.map(({ column }) => column)].map((column) => `${table}.${column}`),
    )
    expect([...new Set([...known, ...RULED])].sort()).toEqual(there.sort())
    for (const { table, column } of NEWEST_STAMPS) expect(there).toContain(`${table}.${column}`)
  })
})

const attempt = (db: Db, symbol: string, at: number, askAgainAt: number) =>
  db.write([
    sql`INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, rows, at, ask_again_at)
        VALUES (${DATASET}, ${symbol}, '2024-07-01', 'alpaca', 1, 'empty', 0, ${at}, ${askAgainAt})`,
  ])

const rowsOf = async (db: Db, text: string): Promise<Record<string, unknown>[]> => db.all(sql.raw(text))

describe('repair clock: putting a clock right', () => {
  test('changes nothing in a database of a right clock, however long its waits are', async () => {
    const db = await freshDb()
    const tasks = [
      newTask('A', '2024-07-01', { nextAt: NOW + 90 * DAY }),
      newTask('B', '2024-07-01', { nextAt: NEVER }),
    ]
    await enqueueTasks(db, DATASET, tasks, NOW)
    await attempt(db, 'A', NOW, NOW + 90 * DAY)
    await attempt(db, 'B', NOW, NEVER)
    await db.write([
      sql`INSERT INTO absences VALUES (${DATASET}, 'A', '2024-07-01', 'CALENDAR_SUSPECT', ${NOW}, ${NOW + 100 * DAY})`,
      sql`INSERT INTO demotions VALUES ('alpaca', ${DATASET}, 'A', '0000-01-01', '9999-12-31', 'not_entitled', ${NOW + 30 * DAY})`,
      sql`INSERT INTO circuits VALUES ('alpaca', 3, ${NOW + DAY}, 'status 429')`,
      sql`INSERT INTO partitions (dataset, partition, version, touched_at, expected, lease_expires_at) VALUES (${DATASET}, '2024', 1, ${NOW}, 'x', ${NOW + 6 * HOUR})`,
      sql`INSERT INTO budgets VALUES ('alpaca', 'pause', ${NOW + DAY}, 1, 0)`,
      sql`INSERT INTO ticks VALUES ('night', ${NOW + 50 * MINUTE}, ${NOW}, 0, ${NOW}, NULL, NULL)`,
    ])
    const before = await snapshot(db)
    expect(await repairClock(db, NOW)).toEqual({ aheadMs: 0, rows: 0 })
    expect(await snapshot(db)).toEqual(before)
  })

  test('keeps the length of a wait that says when it began, and ends one that is over', async () => {
    const db = await freshDb()
    await enqueueTasks(db, DATASET, [newTask('A', '2024-07-01', { nextAt: THEN + HOUR })], THEN)
    await attempt(db, 'A', THEN, THEN + 3 * DAY)
    await attempt(db, 'B', THEN, NEVER)
    await attempt(db, 'C', THEN - 100 * DAY, THEN - 99 * DAY)
    await attempt(db, 'D', NOW - DAY, NOW + DAY)
    expect(await repairClock(db, NOW)).toMatchObject({ aheadMs: 730 * DAY })
    expect(await rowsOf(db, 'SELECT next_at, updated_at, blocked_until, blocked_for FROM gap_tasks')).toEqual([
      { next_at: NOW + HOUR, updated_at: NOW, blocked_until: NOW + HOUR, blocked_for: '*' },
    ])
    expect(await rowsOf(db, 'SELECT symbol, at, ask_again_at AS again FROM attempts ORDER BY symbol')).toEqual([
      { symbol: 'A', at: NOW, again: NOW + 3 * DAY },
      { symbol: 'B', at: NOW, again: NEVER },
      { symbol: 'C', at: NOW, again: NOW + DAY },
      { symbol: 'D', at: NOW - DAY, again: NOW + DAY },
    ])
  })

  test('done twice is done once, and afterwards nothing lies ahead', async () => {
    const db = await freshDb()
    await enqueueTasks(db, DATASET, [newTask('A', '2024-07-01', { nextAt: THEN })], THEN)
    await attempt(db, 'A', THEN, THEN + DAY)
    await db.write([
      sql`INSERT INTO absences VALUES (${DATASET}, 'A', '2024-07-01', 'GIVEN_UP', ${THEN}, ${THEN + 7 * DAY})`,
      sql`INSERT INTO demotions VALUES ('alpaca', ${DATASET}, '*', '0000-01-01', '9999-12-31', 'not_entitled', ${THEN + HOUR})`,
      sql`INSERT INTO circuits VALUES ('alpaca', 3, ${THEN + MINUTE}, 'status 503')`,
      sql`INSERT INTO incidents VALUES (1, 'vendor_outage', ${DATASET}, 'alpaca', '2024-07-01', 9, ${THEN}, ${THEN}, NULL, 0, ${THEN + HOUR}, '[]')`,
      sql`INSERT INTO partitions (dataset, partition, version, touched_at, expected, lease_expires_at)
          VALUES (${DATASET}, '2024', 1, ${THEN}, 'x', ${THEN + MINUTE})`,
      sql`INSERT INTO budgets VALUES ('alpaca', 'slot', ${THEN}, 5, 0), ('alpaca', 'pause', ${THEN + HOUR}, 1, 0)`,
      sql`INSERT INTO ticks VALUES ('night', ${THEN}, ${THEN}, 0, ${THEN}, NULL, NULL)`,
      sql`INSERT INTO vendor_call_stats VALUES ('alpaca', ${DATASET}, ${THEN}, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)`,
      sql`INSERT INTO backlog_overflow VALUES (${DATASET}, '0000-01-01', '9999-12-31', 0, ${THEN}, NULL)`,
      sql`INSERT INTO corrections (dataset, symbol, dt, vendor, at, previous, digest, rows_before, rows)
          VALUES (${DATASET}, 'A', '2024-07-01', 'alpaca', ${THEN}, 'x', 'y', 1, 1),
                 (${DATASET}, 'A', '2024-07-01', 'alpaca', ${THEN + 1}, 'x', 'y', 1, 1)`,
    ])
    await repairClock(db, NOW)
    const after = await snapshot(db)
    expect((await newestStamp(db))!).toBeLessThanOrEqual(NOW)
    expect(after).toMatchObject({
      demotions: [{ until: NOW }],
      circuits: [{ blocked_until: NOW }],
      incidents: [{ next_look_at: NOW + HOUR, opened_at: NOW }],
      partitions: [{ lease_expires_at: NOW, touched_at: NOW }],
      budgets: [{ kind: 'pause', starts_at: NOW + COUNTED_MS, calls: 1 }],
      ticks: [],
      vendor_call_stats: [],
      corrections: [{ at: NOW }],
    })
    expect(await repairClock(db, NOW)).toEqual({ aheadMs: 0, rows: 0 })
    expect(await snapshot(db)).toEqual(after)
  })

  test('cuts a lease to its full length: who holds one may still be at work', async () => {
    const db = await freshDb()
    await db.write([
      sql`INSERT INTO leases VALUES (1, 'alpaca', 'a', 'b', ${NOW}, ${NOW + 5 * HOUR}, '[]'), (2, 'alpaca', 'c', 'd', ${NOW}, ${NOW + MINUTE}, '[]')`,
      sql`INSERT INTO partitions (dataset, partition, version, touched_at, expected, lease_token, lease_expires_at)
          VALUES (${DATASET}, '2024', 1, ${NOW}, 'x', 'token', ${NOW + 5 * HOUR})`,
    ])
    await repairClock(db, NOW)
    expect(await rowsOf(db, 'SELECT lease_expires_at AS until FROM leases ORDER BY id')).toEqual([
      { until: NOW + 20 * MINUTE },
      { until: NOW + MINUTE },
    ])
    expect(await rowsOf(db, 'SELECT lease_expires_at AS until FROM partitions')).toEqual([{ until: NOW + 10 * MINUTE }])
  })
})
