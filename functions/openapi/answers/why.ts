/** The answer about one cell. */
import { z } from 'zod'

export const Why = z.looseObject({ ok: z.literal(true) })
