/** The answer about the vendors. */
import { z } from 'zod'

export const Vendors = z.looseObject({ ok: z.literal(true) })
