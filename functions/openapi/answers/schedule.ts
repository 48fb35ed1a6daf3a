/** The answer about the chains of the schedule, and the start of one. */
import { z } from 'zod'

export const Cron = z.looseObject({ ok: z.literal(true) })
export const Begun = z.looseObject({ ok: z.literal(true) })
