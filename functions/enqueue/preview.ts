/** GET /enqueue: what POST /enqueue would queue, and what that takes. Reads only; a browser gets it on a page with a button. */
import type { Context } from 'hono'
import { readQuery } from '../_http/handler.ts'
import { isoOf } from '../_http/iso-instant.ts'
import type { Node } from '../_http/node.ts'
import { prefersPage } from '../_http/prefers-page.ts'
import { checking } from '../_http/request-schemas.ts'
import { previewOf } from './preview-counts.ts'
import { showPreview } from './preview-page.tsx'
import { bodyOf, PreviewQuery } from './preview-request.ts'

export const preview = (node: Node, canLogOut: boolean) =>
  checking({ query: PreviewQuery }, async (c: Context): Promise<Response> => {
    const query = readQuery(c, PreviewQuery)
    const seen = await previewOf(node, bodyOf(node, query))
    c.header('Vary', 'Accept')
    if (prefersPage(c)) return await showPreview(c, node, { query, preview: seen, canLogOut })
    const vendors = seen.vendors.map((one) => ({ ...one, doneAt: isoOf(one.doneAt) }))
    return c.json({ ok: true, ...seen, vendors })
  })
