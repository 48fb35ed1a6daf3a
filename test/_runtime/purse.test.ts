import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { VendorConfig } from '../../config/schema.ts'
import { distrustClock } from '../../db/budgets/distrust-clock.ts'
import { callsSpent, nextCallAt } from '../../db/budgets/take-calls.ts'
import { blockVendor, listCircuits } from '../../db/circuits/circuits.ts'
import { type Db, openDb } from '../../db/client.ts'
import { migrateDb } from '../../db/migrate.ts'
import { limitsOf } from '../../functions/_dispatch/claim.ts'
import type { Lane } from '../../functions/_dispatch/desk.ts'
import { purseOf, sentCalls } from '../../functions/_runtime/purse.ts'
import type { Allowance } from '../../functions/_vendors/allowance.ts'
import { againWhileHeld } from '../db/again-while-held.ts'
import { freshDb, tempFolder } from '../db/temp-db.ts'
import { RateWindow } from '../lab/rate-window.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const NOON = Date.UTC(2024, 6, 5, 12)

interface Limits {
  perMinute: number
  perDay: number | null
  todayShare: number
}

const seatOf = (name: string, { perMinute, perDay, todayShare }: Limits, account?: string) => ({
  name,
  config: {
    base_url: 'http://vendor.test',
    calls_per_minute: perMinute,
    calls_per_day: perDay,
    today_share: todayShare,
    ...(account === undefined ? {} : { account }),
    datasets: {},
  } satisfies VendorConfig,
})

/** A node on a machine whose clock somebody sets: real time only passes. */
function machine(db: Db, limits: Limits, start = NOON) {
  let real = 0
  let wall = start
  const clock = { now: () => wall, elapsed: () => real, sleep: async () => undefined }
  let sent = sentCalls(clock.elapsed)
  const seats = [seatOf('alpaca', limits), seatOf('alpaca_iex', limits, 'alpaca')]
  const purse = (seat: number, lane: Lane) => purseOf(db, clock, sent, seats[seat]!, lane)
  return {
    seat: seats[0]!,
    real: () => real,
    wall: () => wall,
    pass(ms: number) {
      real += ms
      wall += ms
    },
    setClock(by: number) {
      wall += by
    },
    /** All that the process knew is gone; the database is what it was. */
    async restart() {
      sent = sentCalls(clock.elapsed)
      await distrustClock(db, wall)
    },
    take: async (seat: number, lane: Lane): Promise<boolean> => (await purse(seat, lane).take('data')).ok,
    heed: (said: Partial<Allowance>): Promise<void> =>
      purse(0, 'backfill').heed('data', { pausedUntil: null, remaining: null, resetAt: null, ...said }),
    freeAt: (lane: Lane = 'today') => nextCallAt(db, limitsOf(seats[0]!, lane), wall),
  }
}

const anyLimits = fc.record({
  perMinute: fc.integer({ min: 1, max: 6 }),
  perDay: fc.option(fc.integer({ min: 1, max: 15 }), { nil: null }),
  todayShare: fc.constantFrom(0, 0.2, 0.9),
})
const anyTake = fc.record({
  kind: fc.constant('take' as const),
  seats: fc.array(fc.record({ seat: fc.nat({ max: 1 }), lane: fc.constantFrom<Lane>('today', 'backfill') }), {
    minLength: 1,
    maxLength: 5,
  }),
})
const anyPass = fc.record({
  kind: fc.constant('pass' as const),
  ms: fc.oneof(fc.integer({ min: 0, max: 2_500 }), fc.integer({ min: 55_000, max: 62_000 }), fc.constant(7 * HOUR)),
})
const anyRestart = fc.record({ kind: fc.constant('restart' as const) })
const stepOf = (by: fc.Arbitrary<number>) => fc.record({ kind: fc.constant('step' as const), by })
const backward = stepOf(fc.oneof(fc.integer({ min: -90_000, max: -1 }), fc.constantFrom(-HOUR, -2 * HOUR)))
const forward = stepOf(fc.oneof(fc.integer({ min: 1, max: 90_000 }), fc.constantFrom(HOUR, DAY, 400 * DAY)))
type Step =
  | { kind: 'take'; seats: { seat: number; lane: Lane }[] }
  | { kind: 'pass'; ms: number }
  | { kind: 'restart' }
  | { kind: 'step'; by: number }
const anySteps = (...kinds: fc.Arbitrary<Step>[]): fc.Arbitrary<Step[]> =>
  fc.array(fc.oneof<fc.Arbitrary<Step>[]>(anyTake, anyTake, anyPass, ...kinds), { minLength: 1, maxLength: 30 })

/** Plays the steps and answers the grants: by real time, as the vendor sees them, and by the clock of the node. */
async function play(db: Db, limits: Limits, steps: readonly Step[]) {
  await db.write([sql`DELETE FROM budgets`])
  const node = machine(db, limits)
  const granted: { real: number; wall: number; lane: Lane }[] = []
  for (const step of steps) {
    switch (step.kind) {
      case 'take':
        // All at once, as parallel workers ask.
        await Promise.all(
          step.seats.map(async ({ seat, lane }) => {
            const at = { real: node.real(), wall: node.wall(), lane }
            if (await node.take(seat, lane)) granted.push(at)
          }),
        )
        break
      case 'pass':
        node.pass(step.ms)
        break
      case 'restart':
        await node.restart()
        break
      case 'step':
        node.setClock(step.by)
        break
      default:
        step satisfies never
    }
  }
  return granted
}

const violations = (perMinute: number, grants: readonly { real: number }[]): number => {
  const window = new RateWindow(perMinute)
  return grants.filter(({ real }) => !window.admit(real)).length
}

test('no interleaving of lanes, accounts, restarts and clocks set back spends a minute or a day twice', async () => {
  const db = await freshDb()
  await fc.assert(
    fc.asyncProperty(anyLimits, anySteps(anyRestart, backward), async (limits, steps) => {
      const granted = await play(db, limits, steps)
      expect(violations(limits.perMinute, granted)).toBe(0)
      for (const { wall } of granted) {
        const onDay = granted.filter((one) => Math.floor(one.wall / DAY) === Math.floor(wall / DAY))
        expect(onDay.length).toBeLessThanOrEqual(limits.perDay ?? Number.POSITIVE_INFINITY)
      }
    }),
    { numRuns: 150 },
  )
})

test('a clock that jumps ahead opens no new minute to a process that knows what it has sent', async () => {
  const db = await freshDb()
  await fc.assert(
    fc.asyncProperty(anyLimits, anySteps(forward, backward), async (limits, steps) => {
      const granted = await play(db, { ...limits, perDay: null }, steps)
      expect(violations(limits.perMinute, granted)).toBe(0)
    }),
    { numRuns: 150 },
  )
})

test('backfill leaves the share of lane today untouched, whatever it does', async () => {
  const db = await freshDb()
  await fc.assert(
    fc.asyncProperty(anyLimits, anySteps(anyRestart), async (limits, steps) => {
      const node = machine(db, limits)
      const kept = limits.perMinute - limitsOf(node.seat, 'backfill').perMinute
      const floods = steps.filter((step) => step.kind !== 'take' || step.seats.every(({ lane }) => lane === 'backfill'))
      const granted = await play(db, { ...limits, perDay: null }, floods)
      expect(violations(Math.max(1, limits.perMinute - kept), granted)).toBe(0)
    }),
    { numRuns: 60 },
  )
})

test('a database that is opened again remembers every call', async () => {
  const file = join(await tempFolder(), 'node.db')
  const limits = { perMinute: 5, perDay: 8, todayShare: 0 }
  let wall = NOON
  let granted = 0
  for (let starts = 0; starts < 4; starts++) {
    const db = await againWhileHeld(() => openDb(file))
    await migrateDb(db, 'migrations')
    const node = machine(db, limits, wall)
    await node.restart()
    for (let calls = 0; calls < 4; calls++) if (await node.take(0, 'backfill')) granted++
    node.pass(100)
    wall = node.wall()
    expect(granted).toBe(Math.min(5, 4 * (starts + 1)))
    db.close()
  }
})

test('an hour back grants nothing that was spent, and is over after that hour', async () => {
  const node = machine(await freshDb(), { perMinute: 2, perDay: null, todayShare: 0 })
  for (let calls = 0; calls < 2; calls++) expect(await node.take(0, 'backfill')).toBe(true)
  node.setClock(-HOUR)
  await node.restart()
  expect(await node.take(0, 'backfill')).toBe(false)
  expect(await node.freeAt()).toBe(NOON + MINUTE + 1_000)
})

test('a clock that stood years ahead keeps nobody waiting for years', async () => {
  const db = await freshDb()
  const node = machine(db, { perMinute: 2, perDay: 50, todayShare: 0 }, NOON + 800 * DAY)
  for (let calls = 0; calls < 2; calls++) await node.take(0, 'backfill')
  await node.heed({ pausedUntil: node.wall() + HOUR })
  await blockVendor(db, 'alpaca', node.wall() + HOUR, 'status 503')
  node.setClock(-800 * DAY)
  await node.restart()
  expect(await node.take(0, 'backfill')).toBe(false)
  expect(await listCircuits(db)).toMatchObject([{ blockedUntil: NOON }])
  node.pass(MINUTE + 1_000)
  expect(await node.take(0, 'backfill')).toBe(true)
})

test('a pause the vendor asked for holds for every seat of the account and every restart, and ends', async () => {
  const node = machine(await freshDb(), { perMinute: 50, perDay: null, todayShare: 0 })
  await node.heed({ pausedUntil: NOON + 90_000 })
  await node.heed({ pausedUntil: NOON + 10_000 })
  await node.restart()
  for (const seat of [0, 1]) expect(await node.take(seat, 'today')).toBe(false)
  expect(await node.freeAt()).toBe(NOON + 90_000)
  node.pass(90_000)
  expect(await node.take(1, 'today')).toBe(true)
})

test('less room than we thought is believed for the window the vendor names, more room never', async () => {
  const db = await freshDb()
  const node = machine(db, { perMinute: 10, perDay: null, todayShare: 0 })
  expect(await node.take(0, 'today')).toBe(true)
  await node.heed({ remaining: 500 })
  expect((await callsSpent(db, 'alpaca', node.wall())).minute).toBe(1)
  await node.heed({ remaining: 3, resetAt: NOON + 20_000 })
  expect((await callsSpent(db, 'alpaca', node.wall())).minute).toBe(7)
  for (let calls = 0; calls < 5; calls++) await node.take(0, 'today')
  expect((await callsSpent(db, 'alpaca', node.wall())).minute).toBe(10)
  // What others spent leaves with their window; our own calls stay a minute.
  node.pass(20_000)
  expect((await callsSpent(db, 'alpaca', node.wall())).minute).toBe(4)
  await node.heed({ remaining: 2 })
  node.pass(59_000)
  expect((await callsSpent(db, 'alpaca', node.wall())).minute).toBe(4)
})

test('what a vendor says never grants more, whatever it says', async () => {
  const db = await freshDb()
  const anySaid = fc.record({
    remaining: fc.option(fc.nat({ max: 20 }), { nil: null }),
    resetAt: fc.option(fc.integer({ min: NOON - HOUR, max: NOON + HOUR }), { nil: null }),
    pausedUntil: fc.option(fc.integer({ min: NOON - HOUR, max: NOON + HOUR }), { nil: null }),
  })
  await fc.assert(
    fc.asyncProperty(
      anyLimits,
      fc.array(fc.tuple(anySaid, fc.nat({ max: 40_000 })), { maxLength: 20 }),
      async (limits, said) => {
        await db.write([sql`DELETE FROM budgets`])
        const node = machine(db, limits)
        const granted: { real: number }[] = []
        for (const [one, ms] of said) {
          const before = await node.freeAt()
          await node.heed(one)
          expect((await node.freeAt()) ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(
            before ?? Number.POSITIVE_INFINITY,
          )
          for (let calls = 0; calls < 3; calls++) if (await node.take(0, 'today')) granted.push({ real: node.real() })
          node.pass(ms)
        }
        expect(violations(limits.perMinute, granted)).toBe(0)
      },
    ),
    { numRuns: 80 },
  )
})
