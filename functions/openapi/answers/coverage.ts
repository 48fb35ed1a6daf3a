/** The answer about the counts of cells. */
import { z } from 'zod'

export const Coverage = z.looseObject({ ok: z.literal(true) })
