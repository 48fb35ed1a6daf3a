/** The answer about the queue. */
import { z } from 'zod'

export const Queue = z.looseObject({ ok: z.literal(true) })
