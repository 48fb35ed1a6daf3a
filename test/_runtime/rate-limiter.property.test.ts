import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Db } from '../../db/client.ts'
import { limitsOf } from '../../functions/_catalog/account-limits.ts'
import type { Lane } from '../../functions/_catalog/context.ts'
import { freshDb } from '../db/temp-db.ts'
import { type Limits, machine, NOON, violations } from './metered-vendor.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

const anyLimits = fc.record({
  perMinute: fc.integer({ min: 1, max: 6 }),
  perDay: fc.option(fc.integer({ min: 1, max: 15 }), { nil: null }),
  todayShare: fc.constantFrom(0, 0.2, 0.9),
})
const anyTake = fc.record({
  kind: fc.constant('acquire' as const),
  vendors: fc.array(fc.record({ connection: fc.nat({ max: 1 }), lane: fc.constantFrom<Lane>('today', 'backfill') }), {
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
  | { kind: 'acquire'; vendors: { connection: number; lane: Lane }[] }
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
      case 'acquire':
        // All at once, as parallel workers ask.
        await Promise.all(
          step.vendors.map(async ({ connection, lane }) => {
            const at = { real: node.real(), wall: node.wall(), lane }
            if (await node.acquire(connection, lane)) granted.push(at)
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

test('rate limiter: no interleaving of lanes, accounts, restarts and clocks set back spends a minute or a day twice', async () => {
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

test('rate limiter: a clock that jumps ahead opens no new minute to a process that knows what it has sent', async () => {
  const db = await freshDb()
  await fc.assert(
    fc.asyncProperty(anyLimits, anySteps(forward, backward), async (limits, steps) => {
      const granted = await play(db, { ...limits, perDay: null }, steps)
      expect(violations(limits.perMinute, granted)).toBe(0)
    }),
    { numRuns: 150 },
  )
})

test('rate limiter: backfill leaves the share of lane today untouched, whatever it does', async () => {
  const db = await freshDb()
  await fc.assert(
    fc.asyncProperty(anyLimits, anySteps(anyRestart), async (limits, steps) => {
      const node = machine(db, limits)
      const kept = limits.perMinute - limitsOf(node.connection, 'backfill').perMinute
      const floods = steps.filter(
        (step) => step.kind !== 'acquire' || step.vendors.every(({ lane }) => lane === 'backfill'),
      )
      const granted = await play(db, { ...limits, perDay: null }, floods)
      expect(violations(Math.max(1, limits.perMinute - kept), granted)).toBe(0)
    }),
    { numRuns: 60 },
  )
})

test('rate limiter: what a vendor says never grants more, whatever it says', async () => {
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
          await node.onHeaders(one)
          expect((await node.freeAt()) ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(
            before ?? Number.POSITIVE_INFINITY,
          )
          for (let calls = 0; calls < 3; calls++)
            if (await node.acquire(0, 'today')) granted.push({ real: node.real() })
          node.pass(ms)
        }
        expect(violations(limits.perMinute, granted)).toBe(0)
      },
    ),
    { numRuns: 80 },
  )
})
