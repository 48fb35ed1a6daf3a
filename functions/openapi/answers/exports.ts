/** The answer about the bundles. */
import { z } from 'zod'

export const Exports = z.looseObject({ ok: z.literal(true) })
export const Bundle = z.looseObject({ ok: z.literal(true) })
