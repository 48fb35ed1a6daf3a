/** POST /enqueue/form: the button of the preview. Queues the range and leads back to the preview, which then says so. */
import type { Context } from 'hono'
import { RequestError } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { enqueue } from './index.ts'
import { bodyOf, PreviewQuery } from './preview-request.ts'

/** Months are queued some at a time; a range that needs more calls than this is for the command line. */
const MOST_CALLS = 50

export const enqueueForm =
  (node: Node) =>
  async (c: Context): Promise<Response> => {
    const fields = Object.entries(await c.req.parseBody().catch(() => ({})))
    const parsed = PreviewQuery.safeParse(Object.fromEntries(fields.map(([name, value]) => [name, [value]])))
    if (!parsed.success) {
      const faults = parsed.error.issues.map(({ path, message }) => `${String(path[0] ?? 'form')}: ${message}`)
      throw new RequestError(400, faults.join('; '))
    }
    const body = bodyOf(node, parsed.data)
    let after: string | undefined
    for (let calls = 0; calls < MOST_CALLS; calls++) {
      const ending = await enqueue(node, { ...body, after })
      // A full queue takes no more today.
      if (!ending.more || ending.nextAt !== null) break
      after = typeof ending.after === 'string' ? ending.after : undefined
    }
    return c.redirect(`../enqueue?${new URLSearchParams(parsed.data as Record<string, string>)}`, 303)
  }
