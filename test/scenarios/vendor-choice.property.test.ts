import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { blockVendor } from '../../db/circuits/circuits.ts'
import type { Db } from '../../db/client.ts'
import { enqueueTasks } from '../../db/gap-tasks/enqueue-tasks.ts'
import { reapLeases } from '../../db/gap-tasks/reap-leases.ts'
import { heldBy } from '../../db/leases/held-tasks.ts'
import { callsLeft, limitsOf } from '../../functions/_catalog/account-limits.ts'
import { LEASE_MS } from '../../functions/_dispatch/claim.ts'
import { MAX_ATTEMPTS } from '../../functions/_dispatch/retry-policy.ts'
import { cellKey } from '../../functions/_market/cell.ts'
import { freeWork } from '../_dispatch/eligible-tasks.ts'
import type { VendorTerms } from '../_dispatch/vendor-terms.ts'
import { NOON, openHarness, REACTIONS, type Reaction, SECOND, type SentCall } from '../_dispatch/worker-harness.ts'
import { freshDb, newTask } from '../db/temp-db.ts'
import { RateWindow } from '../lab/rate-window.ts'

// A few hundred small dispatches a property: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000 })

const DAY = 86_400_000
const DAYS = ['2024-06-27', '2024-06-28', '2024-07-01', '2024-07-02', '2024-07-03']
const NAMES = ['alpha', 'beta', 'gamma'] as const

/** The first days of the datasets a vendor lists. */
const anyDatasets = fc.constantFrom(
  { equities_bars: '1990-01-02', corporate_actions: '1990-01-02' },
  { equities_bars: '2024-07-01', corporate_actions: '1990-01-02' },
  { equities_bars: '1990-01-02' },
  { corporate_actions: '2024-07-01' },
  { equities_bars: '2000-01-03', corporate_actions: '2024-06-28' },
  {},
)
const anyTerms = fc.record({
  perMinute: fc.constantFrom(0, 1, 2, 5, 5, 20, 20),
  perDay: fc.constantFrom(null, null, null, 0, 3, 30),
  todayShare: fc.constantFrom(0, 0.5),
  datasets: anyDatasets,
  cellsPerPlan: fc.integer({ min: 1, max: 4 }),
  pagesPerPlan: fc.integer({ min: 1, max: 3 }),
})
/** The third may spend the calls of the first, which are then its limits too. */
const anyVendors = fc
  .tuple(anyTerms, anyTerms, anyTerms, fc.boolean())
  .map(([alpha, beta, own, isShared]): Record<(typeof NAMES)[number], VendorTerms> => {
    const { perMinute, perDay, todayShare } = alpha
    return { alpha, beta, gamma: isShared ? { ...own, perMinute, perDay, todayShare, account: 'alpha' } : own }
  })

interface Task {
  dataset: string
  symbol: string
  dt: string
  lane: 'today' | 'backfill'
  priority: number
  /** Until its time has come, ms. */
  after: number
  vendor: string | undefined
}
const anyTask: fc.Arbitrary<Task> = fc.record({
  dataset: fc.constantFrom('equities_bars', 'corporate_actions'),
  symbol: fc.constantFrom('A', 'B', 'C', 'D'),
  dt: fc.constantFrom(...DAYS),
  lane: fc.constantFrom('today' as const, 'backfill' as const, 'backfill' as const),
  priority: fc.constantFrom(0, 0, 5),
  after: fc.constantFrom(0, 0, 0, 45 * SECOND),
  vendor: fc.option(fc.constantFrom(...NAMES), { nil: undefined, freq: 6 }),
})
const anyPlaces = fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 3 })

const step = <Kind extends string, More extends object>(
  kind: Kind,
  more: { [Key in keyof More]: fc.Arbitrary<More[Key]> },
) => fc.record({ kind: fc.constant(kind), ...more }) as unknown as fc.Arbitrary<{ kind: Kind } & More>
const anyStart = step('start', { workers: fc.constantFrom(1, 1, 2, 8) })
const anyAnswer = step('answer', {
  which: anyPlaces,
  reaction: fc.constantFrom<Reaction>('served', 'served', ...REACTIONS),
})
const anyPass = step('pass', { ms: fc.constantFrom(SECOND, 20 * SECOND, 61 * SECOND, LEASE_MS + 1, DAY) })
const anyStep = fc.oneof(
  { weight: 5, arbitrary: anyStart },
  { weight: 8, arbitrary: anyAnswer },
  { weight: 3, arbitrary: anyPass },
  { weight: 1, arbitrary: step('enqueue', { tasks: fc.array(anyTask, { minLength: 1, maxLength: 6 }) }) },
  {
    weight: 1,
    arbitrary: step('block', { name: fc.constantFrom(...NAMES), ms: fc.constantFrom(10 * SECOND, 90 * SECOND) }),
  },
  { weight: 1, arbitrary: step('vanish', { at: fc.nat({ max: 7 }) }) },
  { weight: 1, arbitrary: step('restart', {}) },
)

type Harness = ReturnType<typeof openHarness>

const TABLES = [
  'leases',
  'gap_tasks',
  'attempts',
  'coverage',
  'absences',
  'bookmarks',
  'partitions',
  'demotions',
  'circuits',
]
const MORE_TABLES = [
  'budgets',
  'vendor_scores',
  'vendor_segments',
  'vendor_call_stats',
  'quarantine',
  'sqlite_sequence',
]
const clear = async (db: Db): Promise<void> =>
  void (await db.write([...TABLES, ...MORE_TABLES].map((table) => sql`DELETE FROM ${sql.identifier(table)}`)))

async function enqueue(db: Db, tasks: readonly Task[], now: number) {
  for (const { dataset, symbol, dt, lane, priority, after, vendor } of tasks) {
    const only = vendor === undefined ? {} : { vendor }
    await enqueueTasks(db, dataset, [newTask(symbol, dt, { lane, priority, nextAt: now + after, ...only })], now)
  }
}

/** Who holds what, as long as it does. */
const leases = async (db: Db, now: number): Promise<Map<number, string>> => {
  const rows = await db.all<{ id: number; token: string }>(
    sql`SELECT t.id, l.token ${heldBy(sql`l.lease_expires_at > ${now}`)}`,
  )
  return new Map(rows.map(({ id, token }) => [id, token]))
}

/** So many workers look for work: nobody takes what another holds, and who finds nothing is right, now and until it looks again. */
async function startSoundly(db: Db, floor: Harness, workers: number): Promise<number> {
  const now = floor.now()
  await reapLeases(db, MAX_ATTEMPTS, now)
  const before = await leases(db, now)
  const free = await freeWork(db, floor, now)
  const earlier = [...floor.waiting()]
  const idle = await floor.start(workers)
  const after = await leases(db, now)
  for (const [id, token] of before) expect(after.get(id)).toBe(token)
  for (const { plan } of floor.waiting().filter((one) => !earlier.includes(one))) {
    const { symbol, dt } = plan.wants[0]!
    expect(free).toContain(`${plan.vendor} ${plan.dataset} ${symbol} ${dt}`)
  }
  const alive = floor.waiting().filter(({ since }) => since + LEASE_MS > now)
  const held = alive.flatMap(({ plan }) => plan.wants.map(({ symbol, dt }) => `${plan.dataset} ${cellKey(symbol, dt)}`))
  expect(new Set(held).size).toBe(held.length)
  for (const { nextAt } of idle) {
    expect(nextAt ?? Number.POSITIVE_INFINITY).toBeGreaterThan(now)
    expect(await unpromised(floor, await freeWork(db, floor, now))).toEqual([])
    // A worker that sleeps until then misses nothing, as long as nobody else does anything.
    expect(await unpromised(floor, await freeWork(db, floor, (nextAt ?? now + 40 * DAY) - 1))).toEqual([])
  }
  return idle.length
}

/** Without the work of vendors whose calls are all promised to plans under way: a second plan would only be cut. */
async function unpromised({ context }: Harness, work: readonly string[]): Promise<string[]> {
  const promised = new Set<string>()
  for (const connection of context.vendors) {
    const limits = limitsOf(connection, 'backfill')
    if (context.reservations.reserved(limits.vendor) > 0 && (await callsLeft(context, limits)) <= 0)
      promised.add(connection.name)
  }
  return work.filter((one) => !promised.has(one.split(' ')[0]!))
}

function assertWithinBudget(vendors: Record<string, VendorTerms>, sent: readonly SentCall[]): void {
  for (const [name, { perMinute, perDay }] of Object.entries(vendors)) {
    const mine = sent.filter(({ account }) => account === name)
    const window = new RateWindow(perMinute)
    expect(mine.filter(({ at }) => !window.admit(at))).toEqual([])
    for (const { at } of mine) {
      const onDay = mine.filter((call) => Math.floor(call.at / DAY) === Math.floor(at / DAY))
      expect(onDay.length).toBeLessThanOrEqual(perDay ?? Number.POSITIVE_INFINITY)
    }
  }
}

test('vendor choice: whatever the vendors, the backlog and the workers do, no budget is exceeded, nothing is claimed twice, nobody idles and nothing spins', async () => {
  const db = await freshDb()
  await fc.assert(
    fc.asyncProperty(
      anyVendors,
      fc.array(anyTask, { minLength: 1, maxLength: 25, size: 'max' }),
      fc.array(anyStep, { minLength: 5, maxLength: 30, size: 'max' }),
      fc.array(fc.constantFrom<Reaction>(...REACTIONS), { minLength: 1, maxLength: 6 }),
      async (vendors, tasks, steps, reactions) => {
        await clear(db)
        const floor = openHarness(db, vendors)
        await enqueue(db, tasks, NOON)
        for (const [at, one] of steps.entries()) {
          switch (one.kind) {
            case 'start':
              await startSoundly(db, floor, one.workers)
              break
            case 'answer':
              await floor.answer(one.which, one.reaction)
              break
            case 'pass':
              floor.pass(one.ms)
              break
            case 'enqueue':
              // Cells that were never asked for: what was answered lately nobody may ask for again.
              await enqueue(
                db,
                one.tasks.map((task) => ({ ...task, symbol: `${task.symbol}${at}` })),
                floor.now(),
              )
              break
            case 'block':
              await blockVendor(db, one.name, floor.now() + one.ms, 'blocked')
              break
            case 'vanish':
              floor.vanish(one.at)
              break
            case 'restart':
              await floor.restart()
              break
            default:
              one satisfies never
          }
        }
        // While the clock stands still it comes to an end: every vendor is asked for a cell once.
        await floor.restart()
        const most = NAMES.length * (tasks.length + 8 * steps.length)
        let turns = 0
        for (let stoodAt = floor.now(); (await startSoundly(db, floor, 1)) === 0 && floor.now() === stoodAt; ) {
          for (let page = 0; floor.waiting().length > 0; page++) {
            await floor.answer([0], reactions[(turns + page) % reactions.length]!)
          }
          expect(++turns).toBeLessThan(most)
        }
        assertWithinBudget(vendors, floor.sent)
      },
    ),
    { numRuns: 120 },
  )
})
