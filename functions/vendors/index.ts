/** GET /vendors: what each vendor may be asked for, what it may still spend, how it is doing, and how its score comes about. */
import type { Context } from 'hono'
import { z } from 'zod'
import { once, readQuery } from '../_runtime/door.ts'
import type { Node } from '../_runtime/node.ts'
import { viewOf } from './view.ts'

const Query = z.strictObject({
  /** `no` leaves the forecast out, which has to count the whole coverage. */
  forecast: once(z.enum(['yes', 'no'])),
})

/** Reads only, asks nobody. Throws RequestError 400 for a query it does not know. */
export const vendors =
  (node: Node) =>
  async (c: Context): Promise<Response> => {
    const { forecast = 'yes' } = readQuery(c, Query)
    return c.json(await viewOf(node, forecast === 'yes'))
  }
