/** The chains of the schedule, and the start of one. */
import { z } from 'zod'
import { InstantText } from './ending.ts'

export const Chain = z.object({
  id: z.string(),
  last: z
    .object({
      scheduledAt: InstantText.nullable(),
      endedAt: InstantText.nullable(),
      ok: z.boolean(),
      failed: z.array(z.object({ call: z.string(), error: z.string() })),
      left: z.array(z.object({ call: z.string(), left: z.string() })),
    })
    .nullable()
    .describe('its newest firing that ended'),
  running: z
    .object({
      scheduledAt: InstantText.nullable(),
      call: z.string(),
      step: z.int(),
      steps: z.int(),
      since: InstantText.nullable(),
    })
    .nullable()
    .describe('the firing under way and its step'),
  nextAt: InstantText.nullable(),
})

export const Cron = z.object({ ok: z.literal(true), chains: z.array(Chain) })

export const Begun = z.object({
  ok: z.literal(true),
  chain: z.string(),
  scheduledAt: InstantText,
  alreadyRunning: z.literal(true).optional(),
})
