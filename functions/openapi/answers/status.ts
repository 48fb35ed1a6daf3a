/** The answer about the status. */
import { z } from 'zod'

export const Status = z.looseObject({ ok: z.literal(true) })
