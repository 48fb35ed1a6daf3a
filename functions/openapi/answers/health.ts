/** The answer about how well the node is. */
import { z } from 'zod'

export const Ready = z.looseObject({ ok: z.boolean() })
