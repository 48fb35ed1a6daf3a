import { expect, test } from 'vitest'
import { listAbsences } from '../../../db/absences/absences.ts'
import { listAttempts } from '../../../db/attempts/list-attempts.ts'
import { blockVendor, countFailure, listCircuits } from '../../../db/circuits/circuits.ts'
import type { Db } from '../../../db/client.ts'
import { demote, listDemotions } from '../../../db/demotions/demotions.ts'
import { findHead } from '../../../db/gap-tasks/find-head.ts'
import { hasFreeTask } from '../../../db/gap-tasks/has-free-task.ts'
import {
  type Account,
  listRefusedKeys,
  noteAcceptance,
  noteKey,
  noteRefusal,
} from '../../../db/vendor-keys/vendor-keys.ts'
import { claimed, DATASET, freshDb, NOTHING_THERE, NOW, reachOf, settle, settlement, snapshot } from '../temp-db.ts'

const HOUR = 3_600_000
const ALPACA: Account = { account: 'alpaca', vendors: ['alpaca', 'alpaca_iex'] }
const MASSIVE: Account = { account: 'massive', vendors: ['massive'] }
const ALL_DAYS = { fromDt: '0000-01-01', toDt: '9999-12-31' }

/** A vendor refused a cell, for a day, as not within the plan of its key. */
async function refusedCell(db: Db, dt: string, state: 'queued' | 'done'): Promise<void> {
  const id = await claimed(db, 'AAPL', dt, `token-${dt}`)
  const later = NOW + 24 * HOUR
  const refused = {
    ...NOTHING_THERE,
    outcome: 'not_entitled',
    status: 403,
    askAgainAt: later,
    nextAt: later,
    state,
    ...(state === 'done' ? { absence: 'NOT_ENTITLED', recheckAt: later } : {}),
  } as const
  await settle(db, `token-${dt}`, [settlement(id, 'AAPL', dt, refused)])
}

test('vendor keys: the first key of an account, and the same one again, change nothing else', async () => {
  const db = await freshDb()
  await demote(db, [
    { vendor: 'alpaca', dataset: DATASET, symbol: '*', ...ALL_DAYS, outcome: 'not_entitled', until: NOW + HOUR },
  ])
  expect(await noteKey(db, ALPACA, 'one', NOW)).toBe(false)
  const before = await snapshot(db)
  expect(await noteKey(db, ALPACA, 'one', NOW + 1)).toBe(false)
  expect(await snapshot(db)).toEqual(before)
  expect(await listDemotions(db, DATASET, NOW)).toHaveLength(1)
})

test('vendor keys: what was refused to another key is forgotten, and asked for at the next call', async () => {
  const db = await freshDb()
  await noteKey(db, ALPACA, 'one', NOW)
  await noteKey(db, MASSIVE, 'one', NOW)
  await refusedCell(db, '2024-07-02', 'queued')
  await refusedCell(db, '2024-07-03', 'done')
  const refusal = { dataset: DATASET, symbol: 'AAPL', ...ALL_DAYS, outcome: 'not_entitled', until: NOW + HOUR }
  await demote(db, [
    { ...refusal, vendor: 'alpaca' },
    { ...refusal, vendor: 'alpaca_iex', symbol: '*' },
    { ...refusal, vendor: 'massive' },
    { ...refusal, vendor: 'alpaca', outcome: 'before_history' },
  ])
  expect(await hasFreeTask(db, reachOf('alpaca'))).toBe(false)
  expect(await noteKey(db, ALPACA, 'two', NOW + 1)).toBe(true)
  // A wall of the history is one of the vendor's plan as it is configured, and the other account's key is the same.
  expect((await listDemotions(db, DATASET, NOW)).map(({ vendor, outcome }) => [vendor, outcome]).sort()).toEqual([
    ['alpaca', 'before_history'],
    ['massive', 'not_entitled'],
  ])
  const known = await listAttempts(db, DATASET, [
    { symbol: 'AAPL', dt: '2024-07-02' },
    { symbol: 'AAPL', dt: '2024-07-03' },
  ])
  expect(known).toMatchObject([
    { count: 1, outcome: 'not_entitled', askAgainAt: NOW + 1 },
    { count: 1, outcome: 'not_entitled', askAgainAt: NOW + 1 },
  ])
  expect(await listAbsences(db, DATASET, '2024-07-03', '2024-07-03')).toMatchObject([{ recheckAt: NOW + 1 }])
  expect(await findHead(db, reachOf('alpaca_iex', { now: NOW + 1 }))).toMatchObject({ dt: '2024-07-02' })
})

test('vendor keys: a refused key closes every vendor of its account until the time told, and no other', async () => {
  const db = await freshDb()
  await noteKey(db, ALPACA, 'one', NOW)
  await noteRefusal(db, ALPACA, 'data', { why: '401', until: NOW + HOUR, now: NOW })
  await noteRefusal(db, ALPACA, 'data', { why: '401 again', until: NOW + 2 * HOUR, now: NOW + HOUR })
  expect(await listCircuits(db)).toMatchObject([
    { vendor: 'alpaca', failures: 0, blockedUntil: NOW + 2 * HOUR },
    { vendor: 'alpaca_iex', failures: 0, blockedUntil: NOW + 2 * HOUR },
  ])
  expect(await listRefusedKeys(db)).toEqual([{ account: 'alpaca', host: 'data', refusedAt: NOW }])
})

test.each([
  ['another key', (db: Db) => noteKey(db, ALPACA, 'two', NOW + 1)],
  ['an answer to the key', (db: Db) => noteAcceptance(db, ALPACA, 'data')],
])('vendor keys: %s ends the refusal and opens the account at once', async (_, end) => {
  const db = await freshDb()
  await noteKey(db, ALPACA, 'one', NOW)
  await countFailure(db, 'massive', '503')
  await blockVendor(db, 'massive', NOW + HOUR, '503')
  await noteRefusal(db, ALPACA, 'data', { why: '401', until: NOW + HOUR, now: NOW })
  await end(db)
  expect(await listRefusedKeys(db)).toEqual([])
  expect(await listCircuits(db)).toMatchObject([
    { vendor: 'alpaca', blockedUntil: 0 },
    { vendor: 'alpaca_iex', blockedUntil: 0 },
    { vendor: 'massive', failures: 1, blockedUntil: NOW + HOUR },
  ])
})

test('vendor keys: a pause that a vendor asked for outlasts another key', async () => {
  const db = await freshDb()
  await noteKey(db, ALPACA, 'one', NOW)
  await blockVendor(db, 'alpaca', NOW + HOUR, '429')
  await noteKey(db, ALPACA, 'two', NOW)
  await noteAcceptance(db, ALPACA, 'data')
  expect(await listCircuits(db)).toMatchObject([{ vendor: 'alpaca', blockedUntil: NOW + HOUR }])
})

test('vendor keys: a refusal of the trading host alone closes nothing, and is over when that host takes the key', async () => {
  const db = await freshDb()
  await noteKey(db, ALPACA, 'one', NOW)
  await noteRefusal(db, ALPACA, 'trading', { why: '403', until: NOW + HOUR, now: NOW })
  expect(await listCircuits(db)).toEqual([])
  await noteAcceptance(db, ALPACA, 'data')
  expect(await listRefusedKeys(db)).toEqual([{ account: 'alpaca', host: 'trading', refusedAt: NOW }])
  await noteAcceptance(db, ALPACA, 'trading')
  expect(await listRefusedKeys(db)).toEqual([])
})
