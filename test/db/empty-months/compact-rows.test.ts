import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { findAbsence } from '../../../db/absences/find-absence.ts'
import { listCellAttempts } from '../../../db/attempts/list-cell-attempts.ts'
import type { Db } from '../../../db/client.ts'
import { compactRows } from '../../../db/empty-months/compact-rows.ts'
import { DATASET, dyingAfter, freshDb, NOW, snapshot } from '../temp-db.ts'

const NEVER = Number.MAX_SAFE_INTEGER
const OTHER = 'corporate_actions'

/** Rows as an older version left them: 28 days of twelve months for each symbol, in two datasets. */
async function oldRows(db: Db, symbols = ['AAPL', 'MSFT', 'NVDA', 'ORCL', 'TSLA', 'XOM']): Promise<number> {
  const dts = Array.from({ length: 12 * 28 }, (_, at) => {
    const text = (value: number): string => String(value).padStart(2, '0')
    return `2023-${text(Math.floor(at / 28) + 1)}-${text((at % 28) + 1)}`
  })
  for (const dataset of [DATASET, OTHER]) {
    const cells = sql`json_each(${JSON.stringify(symbols)}) s CROSS JOIN json_each(${JSON.stringify(dts)}) d`
    await db.write([
      sql`INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, rows, at, ask_again_at)
          SELECT ${dataset}, s.value, d.value, 'alpaca', 1, 'empty', 0, ${NOW} + d.key, ${NEVER} FROM ${cells}`,
      sql`INSERT INTO absences (dataset, symbol, dt, reason, decided_at)
          SELECT ${dataset}, s.value, d.value, 'SOURCE_SAYS_NONE', ${NOW} + d.key FROM ${cells}`,
      sql`INSERT INTO coverage (dataset, symbol, month, absent)
          SELECT DISTINCT ${dataset}, s.value, substr(d.value, 1, 7), (1 << 28) - 1 FROM ${cells}`,
    ])
  }
  return 2 * symbols.length * dts.length
}

const counts = async (db: Db) => {
  const { attempts, absences, empty_months } = await snapshot(db)
  return [attempts!.length, absences!.length, empty_months!.length]
}

test('compact rows: a row a day becomes one a month and vendor, some at a time, and tells the same', async () => {
  const db = await freshDb()
  const cells = await oldRows(db)
  const told = async () => [
    await findAbsence(db, OTHER, 'NVDA', '2023-04-28'),
    await findAbsence(db, OTHER, 'NVDA', '2023-04-29'),
    (await listCellAttempts(db, OTHER, 'NVDA', '2023-04-28')).map(({ at: _a, since: _s, ...rest }) => rest),
  ]
  const [absence, ...rest] = await told()
  let all = 0
  let calls = 0
  for (let more = true; more; calls++) {
    const step = await compactRows(db, [DATASET, OTHER], 500)
    all += step.compacted
    more = step.more
    const [attempts = 0, absences = 0] = await counts(db)
    expect([attempts, absences]).toEqual([cells - all, cells - all])
  }
  expect(all).toBe(cells)
  expect(calls).toBe(5)
  expect(await counts(db)).toEqual([0, 0, 2 * 6 * 12])
  const month = { symbol: 'NVDA', month: '2023-04', days: 2 ** 28 - 1, first_at: NOW + 84, last_at: NOW + 111 }
  expect((await snapshot(db)).empty_months).toContainEqual({ dataset: OTHER, vendor: 'alpaca', ...month })
  expect(await told()).toEqual([absence, ...rest])
  expect(await listCellAttempts(db, OTHER, 'NVDA', '2023-04-01')).toMatchObject([{ since: NOW + 84, at: NOW + 111 }])
  expect(await compactRows(db, [DATASET, OTHER], 500)).toEqual({ compacted: 0, more: false })
})

test('compact rows: what somebody will ask again, has delivered, or that is no answer of its own, stays', async () => {
  const db = await freshDb()
  await oldRows(db, ['AAPL'])
  await db.write([
    sql`DELETE FROM absences WHERE dataset = ${OTHER}`,
    sql`UPDATE absences SET recheck_at = ${NOW} WHERE dt = '2023-01-01'`,
    sql`UPDATE attempts SET ask_again_at = 0 WHERE dt = '2023-01-02'`,
    sql`UPDATE attempts SET note = 'said so', status = 404, outcome = 'unavailable' WHERE dt = '2023-01-03'`,
    sql`UPDATE attempts SET reread_at = ${NOW} WHERE dt = '2023-01-04'`,
    sql`UPDATE absences SET reason = 'GIVEN_UP' WHERE dt = '2023-01-05'`,
    sql`UPDATE coverage SET absent = absent & ~32, present = 32 WHERE month = '2023-01'`,
    sql`UPDATE attempts SET digest = 'd' WHERE dt = '2023-01-07'`,
  ])
  const { attempts } = await snapshot(db)
  const stay = (row: unknown) => {
    const { dataset, dt } = row as { dataset: string; dt: string }
    return dataset === OTHER || dt <= '2023-01-07'
  }
  expect(await compactRows(db, [DATASET, OTHER, 'unknown'], 10_000)).toEqual({ compacted: 12 * 28 - 7, more: false })
  const after = await snapshot(db)
  expect(after.attempts).toEqual(attempts!.filter(stay))
  expect(after.absences).toHaveLength(7)
  expect(await compactRows(db, [DATASET, OTHER], 10_000)).toEqual({ compacted: 0, more: false })
  expect(await snapshot(db)).toEqual(after)
})

test('compact rows: killed before any of its writes it is begun anew and comes to the same', async () => {
  const whole = await freshDb()
  const cells = await oldRows(whole)
  await compactRows(whole, [DATASET, OTHER], cells)
  const db = await freshDb()
  await oldRows(db)
  let kills = 0
  for (let done = false; !done; ) {
    const before = await counts(db)
    await compactRows(dyingAfter(db, kills % 2), [DATASET, OTHER], cells).then(
      () => {
        done = true
      },
      () => {
        kills++
      },
    )
    const [attempts, absences] = await counts(db)
    expect(attempts).toBe(absences)
    expect(attempts).toBeLessThanOrEqual(before[0]!)
  }
  expect(kills).toBeGreaterThan(1)
  expect(await snapshot(db)).toEqual(await snapshot(whole))
})
