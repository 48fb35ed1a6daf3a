/** POST /notify: sends a test message to the webhook, at once, and returns what the receiver answered. */
import { z } from 'zod'
import { AsOfBody, type FunctionAnswer, RequestError } from './_http/handler.ts'
import type { Node } from './_http/node.ts'

export const NotifyBody = AsOfBody.extend({
  test: z.literal(true, { error: 'expected true: a test message is all that can be asked for' }),
})

export async function notify({ notifications }: Node): Promise<FunctionAnswer> {
  const delivery = (await notifications?.test()) ?? null
  if (delivery === null)
    throw new RequestError(
      409,
      'no webhook is set: set WEBHOOK_URL in .env or in the environment, and restart the node',
    )
  return { ...delivery, more: false, nextAt: null }
}
