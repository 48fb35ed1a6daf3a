/** GET /why/:dataset/:symbol/:dt: what the node expected of a cell, whom it asked, what they said, what it concluded and does next. */
import type { Context } from 'hono'
import { datasetsOf } from '../_catalog/catalog.ts'
import type { Node } from '../_http/node.ts'
import { prefersPage } from '../_http/prefers-page.ts'
import { showPage } from '../_page/layout.tsx'
import { explanationOf } from './explanation.ts'
import { pageOf } from './page.ts'
import { readCell } from './request.ts'

/** JSON, or a page for a client that prefers text/html. Reads only. Throws RequestError 400 or 404 for what cannot be asked. */
export const why =
  (node: Node, canLogOut: boolean) =>
  async (c: Context): Promise<Response> => {
    const explanation = await explanationOf(node, readCell(node, c))
    c.header('Vary', 'Accept')
    if (!prefersPage(c)) return c.json(explanation)
    const { title, content } = pageOf(explanation)
    const datasets = datasetsOf(node.config).map(({ dataset }) => dataset)
    return await showPage(c, { title, datasets, canLogOut, children: content })
  }
