import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { instrumentsAsOf, recordInstruments } from '../../../db/instruments/instruments.ts'
import { freshDb } from '../temp-db.ts'

const said = (...pairs: [symbol: string, statement: string][]) =>
  pairs.map(([symbol, statement]) => ({ symbol, statement }))

test('instruments: a bundle of an older day says what was said then, and a symbol that left the universe is there before it left', async () => {
  const db = await freshDb()
  await recordInstruments(db, '2024-07-01', said(['A', 'a1'], ['B', 'b1']))
  await recordInstruments(db, '2024-07-02', said(['A', 'a1'], ['B', 'b1']))
  await recordInstruments(db, '2024-07-03', said(['A', 'a2'], ['C', 'c1']))
  await recordInstruments(db, '2024-07-05', said(['A', 'a2'], ['B', 'b2'], ['C', 'c1']))
  expect(await instrumentsAsOf(db, '2024-06-28')).toBeNull()
  expect(await instrumentsAsOf(db, '2024-07-02')).toEqual(['a1', 'b1'])
  expect(await instrumentsAsOf(db, '2024-07-03')).toEqual(['a2', 'c1'])
  expect(await instrumentsAsOf(db, '2024-07-05')).toEqual(['a2', 'b2', 'c1'])
  const [rows] = await db.all<{ rows: number }>(sql`SELECT count(*) AS rows FROM instruments`)
  expect(rows?.rows).toBe(6)
})

test('instruments: a bundle of the day that is made again replaces what it said, and twice is once', async () => {
  const db = await freshDb()
  await recordInstruments(db, '2024-07-01', said(['A', 'a1']))
  await recordInstruments(db, '2024-07-02', said(['A', 'a2'], ['B', 'b1']))
  for (const _ of [1, 2]) await recordInstruments(db, '2024-07-02', said(['A', 'a1']))
  expect(await instrumentsAsOf(db, '2024-07-02')).toEqual(['a1'])
  const [rows] = await db.all<{ rows: number }>(sql`SELECT count(*) AS rows FROM instruments`)
  expect(rows?.rows).toBe(1)
})
