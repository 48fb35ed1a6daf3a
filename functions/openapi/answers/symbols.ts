/** The answer about the universe. */
import { z } from 'zod'

export const Symbols = z.looseObject({ ok: z.literal(true) })
