/** Cells taken over from an older node, more than one write holds. */
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { type AdoptedBatch, recordAdopted } from '../../../db/adoptions/record-adopted.ts'
import { findWalk } from '../../../db/adoptions/walks.ts'
import type { Db } from '../../../db/client.ts'
import { manifestMarks } from '../../../db/manifests/manifests.ts'
import { calendarOf } from '../../../functions/_calendar/calendar.ts'
import { dayBit, monthOf } from '../../../functions/_market/dt.ts'
import { claimed, DATASET, dyingAfter, freshDb, NOW, settle, settlement, snapshot } from '../temp-db.ts'

const walk = { vendor: 'alpaca', dataset: DATASET, verify: 'footers' }
const SYMBOLS = Array.from({ length: 400 }, (_, at) => `S${at}`)
const DAYS = calendarOf('xnys').sessions('2024-06-24', '2024-07-05')

/** Days that their symbols share: a few files, thousands of cells. */
const batch: AdoptedBatch = {
  ...{ vendor: 'alpaca', dataset: DATASET, step: { walk, place: 'date=2024-07-05/data.parquet' }, now: NOW },
  mark: { path: 'manifests/alpaca/equities_bars/adopted.jsonl', bytes: 4_096 },
  cells: DAYS.flatMap((dt) =>
    SYMBOLS.map((symbol) => ({
      ...{ symbol, dt, month: monthOf(dt), bit: dayBit(dt), partition: '2024', rows: 1, digest: null, at: NOW },
    })),
  ),
}

const counted = async (db: Db) => {
  const [attempts] = await db.all(sql`SELECT count(*) AS cells, sum(rows) AS rows FROM attempts`)
  const [coverage] = await db.all(sql`SELECT count(*) AS months, max(present) AS most FROM coverage`)
  return { attempts, coverage, walk: await findWalk(db, walk), marks: await manifestMarks(db) }
}

test('record adopted: a batch of many cells is written in parts; where the walk stands, and what is reflected, comes with the last of them', async () => {
  const whole = await freshDb()
  await recordAdopted(whole, batch)
  const all = await counted(whole)
  expect(all).toMatchObject({ attempts: { cells: batch.cells.length, rows: batch.cells.length } })
  expect(all.walk?.place).toBe('date=2024-07-05/data.parquet')
  expect([...all.marks.values()]).toEqual([4_096])

  const db = await freshDb()
  await expect(recordAdopted(dyingAfter(db, 1), batch)).rejects.toThrow('killed')
  const part = await counted(db)
  expect(part).toMatchObject({ attempts: { cells: 2_500 } })
  expect(part.walk).toBeUndefined()
  expect([...part.marks.values()]).toEqual([])

  // The same batch is met again.
  await recordAdopted(db, batch)
  expect(await counted(db)).toEqual(all)
  const { partitions: _, ...first } = await snapshot(whole)
  const { partitions: __, ...again } = await snapshot(db)
  expect(again).toEqual(first)
})

test('record adopted: a cell that was short is so no longer when another vendor has it; one whose version is known already stays short', async () => {
  const db = await freshDb()
  const short = async (dt: string, vendor: string): Promise<void> => {
    const id = await claimed(db, 'S0', dt, dt, vendor)
    await settle(db, dt, [settlement(id, 'S0', dt, { outcome: 'short', short: 1 })], { vendor })
  }
  await short('2024-07-01', 'massive')
  await short('2024-07-02', 'alpaca')
  expect((await snapshot(db)).coverage).toMatchObject([{ present: 0b11, short: 0b11 }])
  const isSettled = ({ symbol, dt }: { symbol: string; dt: string }): boolean =>
    symbol === 'S0' && ['2024-07-01', '2024-07-02'].includes(dt)
  await recordAdopted(db, { ...batch, cells: batch.cells.filter(isSettled) })
  expect((await snapshot(db)).coverage).toMatchObject([{ present: 0b11, short: 0b10 }])
})
