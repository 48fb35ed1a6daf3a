import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { lastAck } from '../../../db/acks/last-ack.ts'
import { type Ack, recordAck } from '../../../db/acks/record-ack.ts'
import { freshDb, NOW } from '../temp-db.ts'

const ack: Ack = { asof: '2024-07-03', puller: 'box', at: NOW, digest: 'd', files: 6, rows: 2, bytes: 28, missed: 0 }

test('acks: the same said again changes nothing, and other counts take the place of the former', async () => {
  const db = await freshDb()
  expect(await lastAck(db)).toBeNull()
  expect(await recordAck(db, ack)).toBe(true)
  expect(await recordAck(db, { ...ack, at: NOW + 1_000 })).toBe(true)
  expect(await lastAck(db)).toEqual(ack)
  expect(await recordAck(db, { ...ack, at: NOW + 2_000, files: 7 })).toBe(true)
  expect(await lastAck(db)).toEqual({ ...ack, at: NOW + 2_000, files: 7 })
  expect(await db.all(sql`SELECT 1 FROM acks`)).toHaveLength(1)
})

test('acks: a bundle takes a bounded number of pullers, whose rows leave after 400 days', async () => {
  const db = await freshDb()
  for (let each = 0; each < 32; each++) expect(await recordAck(db, { ...ack, puller: `box-${each}` })).toBe(true)
  expect(await recordAck(db, { ...ack, puller: 'one-more' })).toBe(false)
  expect(await recordAck(db, { ...ack, puller: 'box-7', rows: 3 })).toBe(true)
  expect(await recordAck(db, { ...ack, asof: '2024-07-05', at: NOW + 401 * 86_400_000 })).toBe(true)
  expect(await db.all(sql`SELECT asof FROM acks`)).toEqual([{ asof: '2024-07-05' }])
})
