/** The answer about what became of an acknowledgement. */
import { z } from 'zod'

export const Acknowledged = z.looseObject({ ok: z.literal(true) })
