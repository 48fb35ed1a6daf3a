/** What each vendor may be asked for, what it may spend, and how it is doing. */
import { z } from 'zod'
import { DayText, InstantText } from './ending.ts'

const Share = z.number().min(0).max(1).nullable()
const Calls = z.number().nonnegative()

const LaneRoom = z.object({ callsPerMinute: Calls, leftNow: Calls, nextCallAt: InstantText.nullable() })

const Budget = z.object({
  host: z.enum(['data', 'trading']),
  account: z.string(),
  callsPerMinute: Calls,
  callsPerDay: Calls.nullable(),
  spentThisMinute: Calls,
  spentInLaneToday: Calls,
  spentAhead: Calls,
  spentToday: Calls,
  lanes: z.object({ today: LaneRoom, backfill: LaneRoom }),
})

const Rates = z.object({
  since: InstantText,
  calls: z.int(),
  cells: z.int(),
  rows: z.int(),
  outcomes: z.record(z.string(), z.int()),
  successRate: Share,
  emptyRate: Share,
  errorRate: Share,
  cellsPerCall: z.number().nullable(),
  latencyMs: z.number().nullable(),
  perMinute: z.object({ calls: z.number(), cells: z.number(), rows: z.number() }),
})

const Served = z.object({
  dataset: z.string(),
  feed: z.string(),
  entitled: z.boolean(),
  history: z.looseObject({ firstDay: DayText }),
  recency: z.looseObject({ newestDay: DayText.nullable() }),
  refusals: z.object({ total: z.int(), some: z.array(z.looseObject({ until: InstantText.nullable() })) }),
  score: z.looseObject({ score: z.number(), fills: z.number() }).describe('with every input, and the formula'),
  lastHour: Rates.nullable(),
  lastDay: Rates.nullable(),
})

const Vendor = z.object({
  vendor: z.string(),
  connector: z.string(),
  account: z.string(),
  usable: z.boolean(),
  because: z.array(z.string()),
  keys: z.object({ set: z.array(z.string()), missing: z.array(z.string()) }).describe('names, never values'),
  hosts: z.object({ data: z.string(), trading: z.string().optional() }),
  budgets: z.array(Budget),
  circuit: z.object({
    isOpen: z.boolean(),
    until: InstantText.nullable(),
    failures: z.int(),
    lastError: z.string().nullable(),
  }),
  forecast: z.object({ cells: Calls, calls: Calls, busyUntil: InstantText.nullable() }).optional(),
  datasets: z.array(Served),
})

export const Vendors = z.object({
  ok: z.literal(true),
  now: InstantText,
  vendors: z.array(Vendor),
  datasets: z.array(
    z.object({
      dataset: z.string(),
      vendors: z.array(z.string()),
      askable: z.array(z.string()),
      state: z.string(),
    }),
  ),
})
