/** GET /why/:dataset/:symbol/:dt: what the node expected of a cell, whom it asked, what they said, what it concluded and does next. */
import type { Context } from 'hono'
import { accepts } from 'hono/accepts'
import type { Node } from '../_http/node.ts'
import { explanationOf } from './explanation.ts'
import { pageOf } from './page.ts'
import { readCell } from './request.ts'

/** JSON, or a page for a client that prefers text/html. Reads only. Throws RequestError 400 or 404 for what cannot be asked. */
export const why =
  (node: Node) =>
  async (c: Context): Promise<Response> => {
    const explanation = await explanationOf(node, readCell(node, c))
    c.header('Vary', 'Accept')
    const wanted = accepts(c, {
      header: 'Accept',
      supports: ['application/json', 'text/html'],
      default: 'application/json',
    })
    if (wanted === 'application/json') return c.json(explanation)
    // What a vendor said is shown on this page: even if it were not escaped, nothing of it could run.
    c.header('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'")
    return c.html(pageOf(explanation))
  }
