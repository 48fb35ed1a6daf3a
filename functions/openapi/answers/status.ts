/** The status of the node as one object. */
import { z } from 'zod'
import { DISK_LEVELS } from '../../_http/node.ts'
import { DayText, InstantText } from './ending.ts'
import { Reason } from './health.ts'
import { Chain } from './schedule.ts'

const Count = z.number().nonnegative()

const Disk = z.object({
  level: z.enum(DISK_LEVELS),
  folder: z.string(),
  freeBytes: z.number().nullable(),
  totalBytes: z.number().nullable(),
  stopped: z.array(z.string()),
  refused: z.string().nullable(),
})

const Vendor = z.object({
  vendor: z.string(),
  ready: z.boolean(),
  missing: z.string().optional(),
  datasets: z.array(z.string()),
  callsThisMinute: Count,
  callsBeforeClockWasSetBack: Count.optional(),
  callsPerMinute: Count,
  callsToday: Count,
  callsPerDay: Count.nullable(),
  blockedUntil: InstantText.optional(),
  why: z.string().optional(),
  learned: z.array(z.looseObject({ dataset: z.string() })),
})

const Outlook = z.object({
  cells: Count,
  unserved: Count,
  calls: Count,
  hours: z.object({ least: z.number(), most: z.number() }).nullable(),
  nights: Count.nullable(),
  gigabytes: Count,
  vendors: z.record(z.string(), Count).describe('calls'),
})

const work = {
  partitions: z.object({ touched: Count, unchecked: Count, failing: z.array(z.looseObject({ dataset: z.string() })) }),
  incidents: z.array(z.looseObject({ kind: z.string(), dataset: z.string(), dt: DayText })),
  calendar: z.array(z.looseObject({ vendor: z.string(), asof: DayText, days: Count, differences: Count })),
  symbols: z.object({
    contradictions: Count,
    suggestions: Count,
    asked: z.array(z.looseObject({ vendor: z.string(), question: z.string() })),
  }),
}

const files = {
  lostFiles: z.looseObject({ newest: z.array(z.looseObject({ path: z.string(), at: InstantText })) }),
  unacceptedFiles: z.looseObject({ files: Count, next: z.string() }),
  scrub: z.array(z.looseObject({ dataset: z.string(), night: DayText, dueFiles: Count, files: Count })),
  exports: z.array(
    z.object({ asof: DayText, madeAt: z.int().describe('epoch ms'), digest: z.string(), files: Count, bytes: Count }),
  ),
  backup: z
    .object({
      folder: z.string().nullable(),
      last: z.looseObject({ endedAt: InstantText, ageHours: z.number() }).nullable(),
    })
    .nullable(),
  retention: z.object({
    bundles: z.array(DayText),
    heldBack: z.array(z.string()),
    damagedFiles: z.array(z.string()),
    quarantine: Count,
  }),
}

export const Status = z.object({
  ok: z.literal(true),
  health: z.array(Reason),
  disk: Disk,
  version: z.string(),
  now: InstantText,
  asof: DayText,
  chains: z.array(Chain),
  coverage: z.array(
    z.object({ dataset: z.string(), symbols: Count, present: Count, short: Count, absent: Count, held: Count }),
  ),
  tasks: z.array(
    z.object({ dataset: z.string(), state: z.string(), lastOutcome: z.string().nullable(), tasks: Count }),
  ),
  forecast: Outlook.nullable(),
  vendors: z.array(Vendor),
  ...work,
  ...files,
  notifications: z.object({ webhook: z.looseObject({}).nullable(), ping: z.looseObject({}).nullable() }),
  acknowledged: z
    .object({
      asof: DayText,
      puller: z.string(),
      at: InstantText,
      digest: z.string(),
      files: Count,
      rows: Count,
      bytes: Count,
      missed: Count,
    })
    .nullable(),
})
