/** GET /vendors: what each vendor may be asked for, what it may still spend, how it is doing, and how its score comes about. */
import type { Context } from 'hono'
import { accepts } from 'hono/accepts'
import { z } from 'zod'
import { readQuery, singleParam } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { pageOf } from './page.ts'
import { viewOf } from './view.ts'

const Query = z.strictObject({
  /** `no` leaves the forecast out, which has to count the whole coverage. */
  forecast: singleParam(z.enum(['yes', 'no'])),
})

/** JSON, or a page for a client that prefers text/html. Reads only, asks nobody. Throws RequestError 400 for a query it does not know. */
export const vendors =
  (node: Node) =>
  async (c: Context): Promise<Response> => {
    const { forecast = 'yes' } = readQuery(c, Query)
    const view = await viewOf(node, forecast === 'yes')
    c.header('Vary', 'Accept')
    const supports = ['application/json', 'text/html']
    const wanted = accepts(c, { header: 'Accept', supports, default: 'application/json' })
    if (wanted === 'application/json') return c.json(view)
    // A vendor's last words are shown on this page: even if they were not escaped, nothing of them could run.
    c.header('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'")
    return c.html(pageOf(view))
  }
