/** What is open, what comes next, what was given up, and when all of it is done. */
import { z } from 'zod'
import { DayText, InstantText } from './ending.ts'

const Lane = z.enum(['today', 'backfill'])
const State = z.enum(['queued', 'leased', 'stalled'])

const task = {
  id: z.int(),
  dataset: z.string(),
  symbol: z.string(),
  dt: DayText,
  toDt: DayText,
  cells: z.int(),
  lane: Lane,
  priority: z.int(),
  state: State,
  reason: z.string(),
  attempts: z.int(),
  lastOutcome: z.string().nullable(),
  vendor: z.string().nullable().describe('the only vendor that may take it'),
  nextAt: InstantText.nullable(),
  createdAt: InstantText,
  why: z.string().describe('the path that explains the cell'),
}

/** The first task that a vendor could take. */
const Head = z.object({
  id: z.int(),
  symbol: z.string(),
  dt: DayText,
  days: z.unknown(),
  lane: Lane,
  priority: z.int(),
  expectedRows: z.int().nullable(),
  reason: z.string(),
  attempts: z.int(),
})

export const Score = z.object({
  vendor: z.string(),
  score: z.number(),
  preference: z.number(),
  cost: z.number(),
  latencyMs: z.number(),
  segment: z.object({ ageBucket: z.string(), liquidity: z.string() }).nullable(),
  fills: z.number(),
  asked: z.number(),
  filled: z.number(),
  prior: z.number(),
})

const interval = {
  emptyAt: InstantText.nullable(),
  earliest: InstantText.nullable(),
  latest: InstantText.nullable(),
}

const Forecast = z.object({
  ...interval,
  calls: z.number(),
  bytes: z.number(),
  datasets: z.array(
    z.object({
      dataset: z.string(),
      open: z.int(),
      ...interval,
      nobody: z.record(z.string(), z.int()).describe('cells that nobody can serve, by reason'),
      vendors: z.array(
        z.object({ vendor: z.string(), cells: z.number(), calls: z.number(), cellsPerCall: z.number() }),
      ),
    }),
  ),
  vendors: z.array(
    z.object({ vendor: z.string(), cells: z.number(), calls: z.number(), busyUntil: InstantText.nullable() }),
  ),
})

export const Queue = z.object({
  ok: z.literal(true),
  now: InstantText,
  filter: z.object({
    dataset: z.string().optional(),
    state: State.optional(),
    symbol: z.string().optional(),
    fromDt: DayText.optional(),
    toDt: DayText.optional(),
  }),
  open: z.int(),
  nextDue: InstantText.nullable(),
  counts: z.array(
    z.object({
      dataset: z.string(),
      lane: Lane,
      state: State,
      tasks: z.int(),
      oldestDt: DayText,
      newestDt: DayText,
      reasons: z.record(z.string(), z.int()),
      nextAt: InstantText.nullable().optional().describe('of queued ones'),
    }),
  ),
  heads: z.array(
    z.object({
      dataset: z.string(),
      ranking: z.array(Score.extend({ freeAt: InstantText.nullable(), head: Head.nullable() })),
    }),
  ),
  leases: z.array(
    z.object({
      holder: z.string(),
      vendor: z.string(),
      dataset: z.string(),
      tasks: z.int(),
      oldestDt: DayText,
      newestDt: DayText,
      since: InstantText,
      until: InstantText,
    }),
  ),
  stalled: z.array(
    z.object({
      ...task,
      maxAttempts: z.int(),
      since: InstantText,
      answers: z.array(
        z.object({
          vendor: z.string(),
          count: z.int(),
          outcome: z.string(),
          status: z.int().nullable(),
          note: z.string().nullable(),
          at: InstantText,
        }),
      ),
    }),
  ),
  tasks: z.array(z.object(task)).optional().describe('with a filter only'),
  forecast: Forecast.optional(),
})
