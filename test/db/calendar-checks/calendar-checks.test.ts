import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import {
  type CalendarComparison,
  listCalendarChecks,
  recordCalendarFailure,
  recordComparison,
} from '../../../db/calendar-checks/calendar-checks.ts'
import { freshDb, NOW } from '../temp-db.ts'

const question = (vendor = 'alpaca', asof = '2024-07-05') => ({
  vendor,
  asof,
  fromDt: '2023-06-01',
  toDt: '2025-07-10',
})
const comparison = (more: Partial<CalendarComparison> = {}): CalendarComparison => ({
  ...question(),
  sessions: 500,
  differing: 2,
  differences: [
    { dt: '2024-07-03', ours: [NOW, NOW + 1], theirs: [NOW, NOW + 2] },
    { dt: '2024-07-04', ours: null, theirs: [NOW, NOW + 1] },
  ],
  ...more,
})

test('calendar checks: a comparison comes back as it was recorded', async () => {
  const db = await freshDb()
  await recordComparison(db, comparison(), NOW)
  expect(await listCalendarChecks(db)).toEqual([{ ...comparison(), checkedAt: NOW, error: null }])
})

test('calendar checks: the days that differ can be read with plain SQL', async () => {
  const db = await freshDb()
  await recordComparison(db, comparison(), NOW)
  const days = sql`SELECT value->>'dt' AS dt, value->'ours' AS ours FROM calendar_checks, json_each(differences)`
  expect(await db.all(days)).toEqual([
    { dt: '2024-07-03', ours: `[${NOW},${NOW + 1}]` },
    { dt: '2024-07-04', ours: 'null' },
  ])
})

test('calendar checks: a newer comparison replaces the one before, of its own vendor only', async () => {
  const db = await freshDb()
  await recordComparison(db, comparison(), NOW)
  await recordComparison(db, comparison({ vendor: 'other' }), NOW)
  const newer = comparison({ asof: '2024-07-08', sessions: 501, differing: 0, differences: [] })
  await recordComparison(db, newer, NOW + 1)
  expect(await listCalendarChecks(db)).toEqual([
    { ...newer, checkedAt: NOW + 1, error: null },
    { ...comparison({ vendor: 'other' }), checkedAt: NOW, error: null },
  ])
})

test('calendar checks: a failure before any comparison says what was asked and why nothing came', async () => {
  const db = await freshDb()
  await recordCalendarFailure(db, question(), 'no whole answer', NOW)
  expect(await listCalendarChecks(db)).toEqual([
    { ...question(), checkedAt: NOW, sessions: null, differing: 0, differences: [], error: 'no whole answer' },
  ])
})

test('calendar checks: a failure keeps what is known, and the next comparison clears it', async () => {
  const db = await freshDb()
  await recordComparison(db, comparison(), NOW)
  await recordCalendarFailure(db, question('alpaca', '2024-07-08'), 'no whole answer', NOW + 1)
  expect(await listCalendarChecks(db)).toEqual([{ ...comparison(), checkedAt: NOW + 1, error: 'no whole answer' }])
  await recordComparison(db, comparison({ asof: '2024-07-08' }), NOW + 2)
  expect(await listCalendarChecks(db)).toMatchObject([{ asof: '2024-07-08', error: null }])
})

test('calendar checks: a row that neither compared nor failed is impossible', async () => {
  const db = await freshDb()
  await recordComparison(db, comparison(), NOW)
  await expect(db.write([sql`UPDATE calendar_checks SET sessions = NULL`])).rejects.toThrow(/CHECK/)
})
