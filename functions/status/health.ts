/** GET /livez: the event loop turns. GET /readyz: the database answers; what keeps the node from being well, in words. */
import { sql } from 'drizzle-orm'
import type { Context } from 'hono'
import type { Node } from '../_http/node.ts'

export const livez = (c: Context): Response => c.json({ ok: true })

export const readyz =
  (node: Node) =>
  async (c: Context): Promise<Response> => {
    await node.db.all(sql`SELECT 1`)
    const reasons = await shownReasons(node)
    const ok = reasons.every(({ isDown }) => !isDown)
    const status = !ok ? 'down' : reasons.length > 0 ? 'degraded' : 'ok'
    return c.json({ ok, status, reasons }, ok ? 200 : 503)
  }

/** The reasons with their instants as texts. */
export const shownReasons = async ({ health }: Pick<Node, 'health'>) =>
  (await health.reasons()).map(({ since, ...reason }) => ({ ...reason, since: new Date(since).toISOString() }))
