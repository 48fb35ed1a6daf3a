/** The answer about what vendors changed. */
import { z } from 'zod'

export const Changes = z.looseObject({ ok: z.literal(true) })
