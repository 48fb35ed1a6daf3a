import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { listAttempts } from '../../../db/attempts/list-attempts.ts'
import type { Db } from '../../../db/client.ts'
import { enqueueTasks } from '../../../db/gap-tasks/enqueue-tasks.ts'
import { invalidateCells } from '../../../db/manifests/invalidate-cells.ts'
import { type AcceptedLine, manifestMarks, markManifest, replayAccepted } from '../../../db/manifests/manifests.ts'
import { NEVER } from '../filled-settlement.ts'
import {
  claimed,
  DATASET,
  freshDb,
  NOTHING_THERE,
  NOW,
  newTask,
  settle,
  settlement,
  snapshot,
  tasksIn,
} from '../temp-db.ts'

const line = (symbol: string, dt: string, digest = `digest of ${symbol} ${dt}`): AcceptedLine => ({
  symbol,
  dt,
  month: dt.slice(0, 7),
  bit: 2 ** (Number(dt.slice(8)) - 1),
  rows: 1,
  digest,
  fetchedAt: NOW,
  writtenAt: NOW,
  partition: dt.slice(0, 4),
  previous: null,
  difference: null,
  window: null,
})
const MARK = { path: 'manifests/alpaca/equities_bars/manifest-2024-07-05.jsonl', bytes: 500 }
const replay = (db: Db, lines: AcceptedLine[], mark = MARK): Promise<number> =>
  replayAccepted(db, 'alpaca', DATASET, lines, mark, NOW)

test('manifests: lines of a lost database become coverage, evidence, bookmarks and touched partitions again', async () => {
  const db = await freshDb()
  expect(await replay(db, [line('AAPL', '2024-07-01'), line('AAPL', '2024-07-31'), line('MSFT', '2023-12-29')])).toBe(3)
  const after = await snapshot(db)
  expect(after.coverage).toEqual([
    { dataset: DATASET, symbol: 'AAPL', month: '2024-07', present: 1 + 2 ** 30, short: 0, absent: 0, held: 0 },
    { dataset: DATASET, symbol: 'MSFT', month: '2023-12', present: 2 ** 28, short: 0, absent: 0, held: 0 },
  ])
  expect(after.bookmarks).toHaveLength(2)
  expect(after.partitions).toHaveLength(2)
  expect(await listAttempts(db, DATASET, [{ symbol: 'AAPL', dt: '2024-07-01' }])).toEqual([
    expect.objectContaining({ vendor: 'alpaca', outcome: 'filled', rows: 1, askAgainAt: NEVER, refusedFor: null }),
  ])
  expect(await manifestMarks(db)).toEqual(new Map([[MARK.path, 500]]))
})

test('manifests: replaying twice changes nothing the second time', async () => {
  const db = await freshDb()
  const lines = [line('AAPL', '2024-07-01'), line('MSFT', '2024-07-01')]
  await replay(db, lines)
  const before = await snapshot(db)
  expect(await replay(db, lines)).toBe(0)
  expect(await replay(db, [])).toBe(0)
  expect(await snapshot(db)).toEqual(before)
})

test('manifests: a line of an answer that was settled changes nothing', async () => {
  const db = await freshDb()
  const id = await claimed(db, 'AAPL', '2024-07-01', 't1')
  await settle(db, 't1', [settlement(id, 'AAPL', '2024-07-01')])
  const { manifests: _, ...before } = await snapshot(db)
  expect(await replay(db, [line('AAPL', '2024-07-01')])).toBe(0)
  const { manifests, ...after } = await snapshot(db)
  expect(after).toEqual(before)
  expect(manifests).toEqual([{ path: MARK.path, bytes: 500 }])
})

test('manifests: a file whose commit was lost ends the absence and the task of its cell', async () => {
  const db = await freshDb()
  const cells = ['AAPL', 'MSFT', 'QQQ'] as const
  for (const symbol of cells) {
    const id = await claimed(db, symbol, '2024-07-01', symbol)
    const state = symbol === 'AAPL' ? 'done' : symbol === 'MSFT' ? 'stalled' : 'queued'
    const none = { ...NOTHING_THERE, outcome: 'empty', absence: 'VENDOR_EMPTY_ONCE', recheckAt: NOW, state } as const
    await settle(db, symbol, [settlement(id, symbol, '2024-07-01', none)])
  }
  await enqueueTasks(db, DATASET, [newTask('AAPL', '2024-07-01', { reason: 'recheck' })], NOW)
  expect(
    await replay(
      db,
      cells.map((symbol) => line(symbol, '2024-07-01')),
    ),
  ).toBe(3)
  expect((await tasksIn(db)).map(({ state }) => state)).toEqual(['done', 'done', 'done', 'done'])
  const after = await snapshot(db)
  expect(after.absences).toEqual([])
  expect(after.coverage).toHaveLength(3)
  for (const row of after.coverage ?? []) expect(row).toMatchObject({ present: 1, absent: 0 })
})

test('manifests: a task at work is left to its holder', async () => {
  const db = await freshDb()
  const id = await claimed(db, 'AAPL', '2024-07-01', 't1')
  await replay(db, [line('AAPL', '2024-07-01')])
  expect((await tasksIn(db))[0]).toMatchObject({ state: 'leased' })
  expect(await settle(db, 't1', [settlement(id, 'AAPL', '2024-07-01')])).toBe(1)
})

test('manifests: a corrected version replaces the evidence and clears the refusal of the old one', async () => {
  const db = await freshDb()
  await replay(db, [line('AAPL', '2024-07-01', 'old')])
  await db.write([
    sql`UPDATE attempts SET refused_for = 'OHLC_ORDER'`,
    sql`UPDATE partitions SET curated_version = version`,
  ])
  expect(await replay(db, [line('AAPL', '2024-07-01', 'new')], { ...MARK, bytes: 900 })).toBe(1)
  expect(await listAttempts(db, DATASET, [{ symbol: 'AAPL', dt: '2024-07-01' }])).toMatchObject([
    { digest: 'new', refusedFor: null },
  ])
  expect((await snapshot(db)).partitions).toMatchObject([{ version: 2 }])
  // It waits for its curation by now.
  expect(await replay(db, [line('AAPL', '2024-07-01', 'newer')], { ...MARK, bytes: 1_300 })).toBe(1)
  expect((await snapshot(db)).partitions).toMatchObject([{ version: 2 }])
})

test('manifests: a cell that was short is so no longer when the full version arrives; others of its month stay short', async () => {
  const db = await freshDb()
  for (const dt of ['2024-07-01', '2024-07-02']) {
    const id = await claimed(db, 'AAPL', dt, dt)
    await settle(db, dt, [settlement(id, 'AAPL', dt, { outcome: 'short', short: 1 })])
  }
  expect((await snapshot(db)).coverage).toMatchObject([{ present: 0b11, short: 0b11 }])
  expect(await replay(db, [line('AAPL', '2024-07-02', 'the full version')])).toBe(1)
  expect((await snapshot(db)).coverage).toMatchObject([{ present: 0b11, short: 0b01 }])
})

test('manifests: a mark never moves back', async () => {
  const db = await freshDb()
  await markManifest(db, MARK.path, 900)
  await markManifest(db, MARK.path, 100)
  await replay(db, [], { ...MARK, bytes: 200 })
  expect(await manifestMarks(db)).toEqual(new Map([[MARK.path, 900]]))
})

test('manifests: a line older than the forgetting of its cell does not bring it back, a later one does', async () => {
  const db = await freshDb()
  const cell = line('AAPL', '2024-07-01')
  await replay(db, [cell, line('MSFT', '2024-07-01')])
  const { symbol, dt, month, bit, partition } = cell
  const forgotten = {
    symbol,
    dt,
    month,
    bit,
    partition,
    at: NOW + 1,
    path: 'raw/x',
    why: 'forgotten' as const,
    note: '',
  }
  expect(await invalidateCells(db, 'alpaca', DATASET, [forgotten], NOW + 1)).toBe(1)
  const after = await snapshot(db)
  expect(after.coverage).toMatchObject([
    { symbol: 'AAPL', present: 0 },
    { symbol: 'MSFT', present: 1 },
  ])
  expect(await replay(db, [cell])).toBe(0)
  expect(await invalidateCells(db, 'alpaca', DATASET, [forgotten], NOW + 2)).toBe(0)
  expect(await snapshot(db)).toEqual(after)
  expect(await db.all(sql`SELECT path FROM lost_files`)).toEqual([])
  expect(await replay(db, [{ ...cell, fetchedAt: NOW + 5, writtenAt: NOW + 5 }])).toBe(1)
})

test('manifests: a cell that was lost may be forgotten, and one that was forgotten is not lost', async () => {
  const db = await freshDb()
  const { symbol, dt, month, bit, partition } = line('AAPL', '2024-07-01')
  const ended = (why: 'gone' | 'forgotten', at: number) => ({
    symbol,
    dt,
    month,
    bit,
    partition,
    at,
    path: 'raw/x',
    why,
    note: why,
  })
  const outcome = async () => (await listAttempts(db, DATASET, [{ symbol, dt }]))[0]?.outcome
  await invalidateCells(db, 'alpaca', DATASET, [ended('gone', NOW)], NOW)
  expect(await outcome()).toBe('lost')
  await invalidateCells(db, 'alpaca', DATASET, [ended('forgotten', NOW + 1)], NOW)
  expect(await outcome()).toBe('forgotten')
  await invalidateCells(db, 'alpaca', DATASET, [ended('gone', NOW + 2)], NOW)
  expect(await outcome()).toBe('forgotten')
})
