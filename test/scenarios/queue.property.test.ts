import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Db } from '../../db/client.ts'
import { enqueueTasks } from '../../db/gap-tasks/enqueue-tasks.ts'
import { reapLeases } from '../../db/gap-tasks/reap-leases.ts'
import { redriveTasks } from '../../db/gap-tasks/redrive-tasks.ts'
import { heldBy } from '../../db/leases/held-tasks.ts'
import { releaseLease } from '../../db/leases/release-leases.ts'
import { renewLease } from '../../db/leases/renew-lease.ts'
import {
  claim,
  DATASET,
  freshDb,
  NOTHING_THERE,
  NOW,
  newTask,
  settle,
  settlement,
  snapshot,
  tasksIn,
} from '../db/temp-db.ts'

const MAX_ATTEMPTS = 3
const LEASE_MS = 1_000
const SYMBOLS = ['A', 'B', 'C']
const DTS = ['2024-07-01', '2024-07-02', '2024-07-31']

type Ending = 'filled' | 'absent' | 'snooze' | 'failed' | 'given_up'

type Step =
  | { do: 'enqueue'; symbol: string; dt: string }
  | { do: 'claim'; holder: number; picks: number[] }
  | { do: 'settle'; holder: number; ending: Ending }
  | { do: 'renew'; holder: number }
  | { do: 'release'; holder: number }
  | { do: 'redrive'; symbol: string | null }
  | { do: 'pass'; ms: number }
  | { do: 'reap' }

const holder = fc.nat({ max: 3 })
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('enqueue' as const), symbol: fc.constantFrom(...SYMBOLS), dt: fc.constantFrom(...DTS) }),
  fc.record({
    do: fc.constant('claim' as const),
    holder,
    picks: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 4 }),
  }),
  fc.record({
    do: fc.constant('settle' as const),
    holder,
    ending: fc.constantFrom<Ending>('filled', 'absent', 'snooze', 'failed', 'given_up'),
  }),
  fc.record({ do: fc.constant('renew' as const), holder }),
  fc.record({ do: fc.constant('release' as const), holder }),
  fc.record({ do: fc.constant('redrive' as const), symbol: fc.constantFrom(null, ...SYMBOLS) }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 400, LEASE_MS) }),
  fc.record({ do: fc.constant('reap' as const) }),
)

const ENDINGS = {
  filled: {},
  absent: { ...NOTHING_THERE, outcome: 'empty', absence: 'VENDORS_AGREE_EMPTY' },
  snooze: { ...NOTHING_THERE, outcome: 'rate_limited', state: 'queued', countsAsAttempt: 0 },
  failed: { ...NOTHING_THERE, outcome: 'unavailable', state: 'queued', absence: 'VENDOR_OUTAGE' },
  given_up: { ...NOTHING_THERE, outcome: 'malformed', state: 'stalled', absence: 'GIVEN_UP' },
} as const

/** What must hold between any two steps, whoever did what. */
async function assertSound(db: Db, created: number): Promise<void> {
  const tasks = await tasksIn(db)
  expect(tasks).toHaveLength(created)
  const { leases = [], coverage = [], absences = [], attempts = [] } = await snapshot(db)
  const leased = (await db.all<{ id: number }>(sql`SELECT t.id ${heldBy(sql`true`)} ORDER BY 1`)).map(({ id }) => id)
  expect(tasks.filter((task) => task.state === 'leased').map((task) => task.id)).toEqual(leased)
  const used = await db.all<{ id: number }>(sql`SELECT DISTINCT lease AS id FROM gap_tasks WHERE lease IS NOT NULL`)
  expect((leases as { id: number }[]).map(({ id }) => id).sort()).toEqual(used.map(({ id }) => id).sort())
  const open = tasks.filter((task) => task.state !== 'done').map(({ symbol, dt }) => `${symbol} ${dt}`)
  expect(new Set(open).size).toBe(open.length)
  for (const { attempts } of tasks) expect(attempts).toBeGreaterThanOrEqual(0)
  const present = (symbol: string, dt: string): boolean =>
    (coverage as { symbol: string; month: string; present: number }[]).some(
      (row) =>
        row.symbol === symbol && row.month === dt.slice(0, 7) && (row.present & (2 ** (Number(dt.slice(8)) - 1))) !== 0,
    )
  for (const row of absences as { symbol: string; dt: string }[]) expect(present(row.symbol, row.dt)).toBe(false)
  // Present exactly where there is evidence of rows.
  for (const symbol of SYMBOLS) {
    for (const dt of DTS) {
      const evidence = (attempts as { symbol: string; dt: string; digest: string | null }[]).some(
        (row) => row.symbol === symbol && row.dt === dt && row.digest !== null,
      )
      expect(present(symbol, dt)).toBe(evidence)
    }
  }
}

async function clear(db: Db): Promise<void> {
  const tables = ['leases', 'gap_tasks', 'attempts', 'coverage', 'absences', 'bookmarks', 'partitions']
  await db.write([...tables, 'sqlite_sequence'].map((table) => sql`DELETE FROM ${sql.identifier(table)}`))
}

test('queue: no order of enqueue, claim, renew, settle, release, redrive, lapse and reap loses a task, leases it twice or forgets an attempt', async () => {
  const db = await freshDb()
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 5, maxLength: 40 }), async (steps) => {
      await clear(db)
      let now = NOW
      let created = 0
      let tokens = 0
      /** The token each holder believes in, and what it believes to hold. */
      const beliefs = new Map<number, { token: string; ids: Set<number> }>()
      /** What the attempts of every task must be: counted at the claim, given back by a snooze or a release, forgotten by a redrive. */
      const counted = new Map<number, number>()
      const count = (ids: Iterable<number>, by: number): void => {
        for (const id of ids) counted.set(id, (counted.get(id) ?? 0) + by)
      }
      const tasksOf = async (token: string): Promise<number[]> =>
        (await db.all<{ id: number }>(sql`SELECT t.id ${heldBy(sql`l.token = ${token}`)}`)).map(({ id }) => id)
      for (const step of steps) {
        switch (step.do) {
          case 'enqueue':
            created += await enqueueTasks(db, DATASET, [newTask(step.symbol, step.dt)], now)
            break
          case 'claim': {
            const token = `token ${++tokens}`
            const taken = await claim(db, step.picks, token, { now, leaseExpiresAt: now + LEASE_MS })
            count(taken, 1)
            beliefs.set(step.holder, { token, ids: taken })
            break
          }
          case 'settle': {
            const belief = beliefs.get(step.holder)
            if (!belief) break
            const before = await snapshot(db)
            const held = await tasksOf(belief.token)
            const tasks = (await tasksIn(db)).filter(({ id }) => belief.ids.has(id))
            const rows = tasks.map(({ id, symbol, dt }) => settlement(id, symbol, dt, ENDINGS[step.ending]))
            expect(await settle(db, belief.token, rows, { now })).toBe(held.length)
            if (held.length === 0) expect(await snapshot(db)).toEqual(before)
            if (step.ending === 'snooze') count(held, -1)
            break
          }
          case 'renew':
          case 'release': {
            const belief = beliefs.get(step.holder)
            if (!belief) break
            const before = await snapshot(db)
            const held = await tasksOf(belief.token)
            const did =
              step.do === 'renew'
                ? (await renewLease(db, belief.token, now + LEASE_MS))
                  ? held.length
                  : 0
                : await releaseLease(db, belief.token, now)
            expect(did).toBe(held.length)
            if (held.length === 0) expect(await snapshot(db)).toEqual(before)
            if (step.do === 'release') count(held, -1)
            break
          }
          case 'redrive': {
            const wanted = (await tasksIn(db)).filter(
              ({ state, symbol }) => state === 'stalled' && (step.symbol === null || symbol === step.symbol),
            )
            const filter = step.symbol === null ? {} : { symbols: [step.symbol] }
            expect(await redriveTasks(db, filter, now)).toEqual({ redriven: wanted.length, more: false })
            for (const { id } of wanted) counted.set(id, 0)
            break
          }
          case 'pass':
            now += step.ms
            break
          case 'reap': {
            await reapLeases(db, MAX_ATTEMPTS, now)
            for (const task of await tasksIn(db)) {
              if (task.lastOutcome === 'abandoned' && task.state === 'queued') {
                expect(task.attempts).toBeLessThan(MAX_ATTEMPTS)
              }
            }
            break
          }
          default:
            step satisfies never
        }
        await assertSound(db, created)
        for (const { id, attempts } of await tasksIn(db)) expect(attempts).toBe(counted.get(id) ?? 0)
      }
    }),
    { numRuns: 40 },
  )
})
