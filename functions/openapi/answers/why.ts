/** The whole chain of one cell. */
import { z } from 'zod'
import { DayText, InstantText } from './ending.ts'
import { Score } from './queue.ts'

const Maybe = InstantText.nullable()
const Calls = z.number().nonnegative()

const Expected = z.object({
  isExpected: z.boolean(),
  why: z.string().nullable(),
  sentence: z.string(),
  calendar: z.object({
    name: z.string(),
    isSession: z.boolean(),
    closedFor: z.string().nullable(),
    specialHours: z.string().nullable(),
    opensAt: Maybe,
    closesAt: Maybe,
  }),
  symbol: z.object({
    isKnown: z.boolean(),
    from: DayText.nullable(),
    to: DayText.nullable(),
    tickerThen: z.string().nullable(),
    nowNamed: z.string().nullable(),
  }),
  depth: z.object({ from: DayText, to: DayText }),
  rows: z.object({ expected: z.number().nullable(), sentence: z.string() }),
  expectedFrom: Maybe,
})

const Attempt = z.object({
  count: z.int(),
  at: InstantText,
  since: InstantText.optional(),
  outcome: z.string(),
  meaning: z.string(),
  status: z.int().nullable(),
  rows: z.int().nullable(),
  digest: z.string().nullable(),
  note: z.string().nullable(),
  refusedFor: z.string().nullable(),
  rereadAt: Maybe,
  askAgainAt: Maybe,
})

const Vendor = z.object({
  vendor: z.string(),
  feed: z.string(),
  entitled: z.boolean(),
  missingKeys: z.array(z.string()),
  history: z.object({ from: DayText, ranges: z.boolean() }),
  score: Score,
  recency: z.object({ rule: z.string(), availableAt: Maybe }),
  demotions: z.array(
    z.object({ symbol: z.string(), fromDt: DayText, toDt: DayText, outcome: z.string(), until: Maybe }),
  ),
  circuit: z.object({ isOpen: z.boolean(), failures: z.int(), blockedUntil: Maybe, why: z.string() }).nullable(),
  budget: z.object({
    account: z.string(),
    callsThisMinute: Calls,
    callsAfterClockReset: Calls,
    callsPerMinute: Calls,
    callsToday: Calls,
    callsPerDay: Calls.nullable(),
    nextCallAt: Maybe,
  }),
  learned: z.object({ asked: z.number(), filled: z.number(), calls: z.number() }).nullable(),
  attempt: Attempt.nullable(),
  mayBeAsked: z.object({ can: z.enum(['now', 'later', 'never']), at: Maybe, because: z.array(z.string()) }),
})

const Task = z.object({
  id: z.int(),
  state: z.string(),
  reason: z.string(),
  lane: z.enum(['today', 'backfill']),
  priority: z.int(),
  expectedRows: z.int().nullable(),
  attempts: z.int(),
  lastOutcome: z.string().nullable(),
  vendor: z.string().nullable(),
  maxAttempts: z.int(),
  nextAt: Maybe,
  createdAt: InstantText,
  lease: z.object({ vendor: z.string(), since: Maybe, until: Maybe }).nullable(),
})

const concluded = {
  coverage: z.object({ present: z.boolean(), short: z.boolean(), absent: z.boolean(), held: z.boolean() }),
  absence: z
    .object({
      reason: z.string(),
      meaning: z.string(),
      source: z.enum(['evidence', 'rule']),
      decidedAt: Maybe,
      recheckAt: Maybe,
    })
    .nullable(),
  winner: z
    .object({
      vendor: z.string(),
      feed: z.string().nullable(),
      rows: z.int().nullable(),
      digest: z.string().nullable(),
      at: InstantText,
    })
    .nullable(),
  qc: z.object({
    status: z.enum(['GREEN', 'AMBER', 'RED']).nullable(),
    flags: z.array(z.string()),
    numbers: z.record(z.string(), z.unknown()),
    vendor: z.string().nullable(),
    action: z.string().nullable(),
    checkedAt: Maybe,
    isOutdated: z.boolean(),
  }),
  decision: z
    .object({
      decision: z.string(),
      reason: z.string(),
      digest: z.string().nullable(),
      at: InstantText,
    })
    .nullable(),
  secondView: z
    .object({
      vendor: z.string(),
      secondVendor: z.string(),
      action: z.string(),
      sentence: z.string(),
      numbers: z.record(z.string(), z.number()),
      decidedAt: Maybe,
    })
    .nullable()
    .describe("what a second vendor's version decided"),
  actions: z.array(z.string()).describe('what vendors stated of corporate actions of the day, and what became of it'),
  partition: z.looseObject({ name: z.string(), stage: z.enum(['unknown', 'touched', 'unchecked', 'judged']) }),
}

export const Why = z.object({
  ok: z.literal(true),
  dataset: z.string(),
  symbol: z.string(),
  dt: DayText,
  now: InstantText,
  asof: DayText,
  next: z.object({ at: Maybe, sentence: z.string() }),
  askInstead: z.string().optional().describe('the path of the symbol that the company has now'),
  expected: Expected,
  backfill: z.object({ order: z.string(), lookBackFrom: DayText }),
  ...concluded,
  task: Task.nullable(),
  incidents: z.array(z.looseObject({ kind: z.string(), sentence: z.string() })),
  corrections: z.array(z.looseObject({ at: InstantText, sentence: z.string() })),
  vendors: z.array(Vendor),
  formerVendors: z.array(z.object({ vendor: z.string(), attempt: Attempt })),
})
