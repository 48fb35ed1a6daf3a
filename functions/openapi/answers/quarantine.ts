/** The answer about the samples. */
import { z } from 'zod'

export const Quarantine = z.looseObject({ ok: z.literal(true) })
