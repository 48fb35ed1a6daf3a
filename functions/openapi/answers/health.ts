/** How well the node is: reasons in sentences. */
import { z } from 'zod'
import { REASON_CODES } from '../../_market/reason-code.ts'
import { InstantText } from './ending.ts'

export const Reason = z.object({
  code: z.enum(REASON_CODES),
  about: z.string().optional().describe('the dataset, vendor or account'),
  sentence: z.string().describe('what is wrong, and what to do'),
  since: InstantText,
  isDown: z.boolean(),
})

export const Ready = z.object({
  ok: z.boolean(),
  status: z.enum(['ok', 'degraded', 'down']),
  reasons: z.array(Reason),
})
