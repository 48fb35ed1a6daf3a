/** GET /livez: the event loop turns. GET /readyz: the memory answers. */
import { sql } from 'drizzle-orm'
import type { Context } from 'hono'
import type { Node } from '../_runtime/node.ts'

export const livez = (c: Context): Response => c.json({ ok: true })

export const readyz =
  (node: Node) =>
  async (c: Context): Promise<Response> => {
    await node.db.all(sql`SELECT 1`)
    return c.json({ ok: true })
  }
