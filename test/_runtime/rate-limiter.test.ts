import { join } from 'node:path'
import { expect, test } from 'vitest'
import { callsSpent } from '../../db/budgets/take-calls.ts'
import { blockVendor, listCircuits } from '../../db/circuits/circuits.ts'
import { openDb } from '../../db/client.ts'
import { migrateDb } from '../../db/migrate.ts'
import { againWhileHeld } from '../db/again-while-held.ts'
import { freshDb, tempFolder } from '../db/temp-db.ts'
import { machine, NOON } from './metered-vendor.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

test('rate limiter: a database that is opened again remembers every call', async () => {
  const file = join(await tempFolder(), 'node.db')
  const limits = { perMinute: 5, perDay: 8, todayShare: 0 }
  let wall = NOON
  let granted = 0
  for (let starts = 0; starts < 4; starts++) {
    const db = await againWhileHeld(() => openDb(file))
    await migrateDb(db, 'migrations')
    const node = machine(db, limits, wall)
    await node.restart()
    for (let calls = 0; calls < 4; calls++) if (await node.acquire(0, 'backfill')) granted++
    node.pass(100)
    wall = node.wall()
    expect(granted).toBe(Math.min(5, 4 * (starts + 1)))
    db.close()
  }
})

test('rate limiter: an hour back grants nothing that was spent, and is over after a minute', async () => {
  const node = machine(await freshDb(), { perMinute: 2, perDay: null, todayShare: 0 })
  for (let calls = 0; calls < 2; calls++) expect(await node.acquire(0, 'backfill')).toBe(true)
  node.setClock(-HOUR)
  await node.restart()
  expect(await node.acquire(0, 'backfill')).toBe(false)
  expect(await node.freeAt()).toBe(NOON - HOUR + MINUTE + 300)
})

test('rate limiter: a clock that stood years ahead keeps nobody waiting for years', async () => {
  const db = await freshDb()
  const node = machine(db, { perMinute: 2, perDay: 50, todayShare: 0 }, NOON + 800 * DAY)
  for (let calls = 0; calls < 2; calls++) await node.acquire(0, 'backfill')
  await node.onHeaders({ pausedUntil: node.wall() + HOUR })
  await blockVendor(db, 'alpaca', node.wall() + HOUR, 'status 503')
  node.setClock(-800 * DAY)
  await node.restart()
  expect(await node.acquire(0, 'backfill')).toBe(false)
  expect(await listCircuits(db)).toMatchObject([{ blockedUntil: NOON }])
  node.pass(MINUTE + 300)
  expect(await node.acquire(0, 'backfill')).toBe(true)
})

test('rate limiter: a pause that the vendor asked for holds for every connection of the account, survives restarts, and ends', async () => {
  const node = machine(await freshDb(), { perMinute: 50, perDay: null, todayShare: 0 })
  await node.onHeaders({ pausedUntil: NOON + 90_000 })
  await node.onHeaders({ pausedUntil: NOON + 10_000 })
  await node.restart()
  for (const connection of [0, 1]) expect(await node.acquire(connection, 'today')).toBe(false)
  expect(await node.freeAt()).toBe(NOON + 90_000)
  node.pass(90_000)
  expect(await node.acquire(1, 'today')).toBe(true)
})

test('rate limiter: less room than we thought is believed for the window the vendor names, more room never', async () => {
  const db = await freshDb()
  const node = machine(db, { perMinute: 10, perDay: null, todayShare: 0 })
  expect(await node.acquire(0, 'today')).toBe(true)
  await node.onHeaders({ remaining: 500 })
  expect((await callsSpent(db, 'alpaca', node.wall())).minute).toBe(1)
  await node.onHeaders({ remaining: 3, resetAt: NOON + 20_000 })
  expect((await callsSpent(db, 'alpaca', node.wall())).minute).toBe(7)
  for (let calls = 0; calls < 5; calls++) await node.acquire(0, 'today')
  expect((await callsSpent(db, 'alpaca', node.wall())).minute).toBe(10)
  // What others spent leaves with their window; our own calls stay a minute.
  node.pass(20_000)
  expect((await callsSpent(db, 'alpaca', node.wall())).minute).toBe(4)
  await node.onHeaders({ remaining: 2 })
  node.pass(59_000)
  expect((await callsSpent(db, 'alpaca', node.wall())).minute).toBe(4)
})
