/** GET /cron: each chain of the schedule, how its last firing ended, the step it is at, and when it comes next. */
import type { Context } from 'hono'
import { z } from 'zod'
import { readQuery } from './_http/handler.ts'
import type { Node } from './_http/node.ts'
import { checking } from './_http/request-schemas.ts'

const Query = z.strictObject({})

export const cron = (node: Node) =>
  checking({ query: Query }, async (c: Context): Promise<Response> => {
    readQuery(c, Query)
    return c.json({ ok: true, chains: (await node.schedule?.list()) ?? [] })
  })
