/** GET /changes: what vendors changed in data they had delivered, newest first, as JSON; GET /changes.csv: one line a changed field. */
import type { Context } from 'hono'
import { pageCorrections } from '../../db/corrections/page-corrections.ts'
import type { Node } from '../_http/node.ts'
import { checking } from '../_http/request-schemas.ts'
import { changeOf } from './change.ts'
import { csvOf } from './csv.ts'
import { ChangesQuery, checkSymbol, nextPage, readRequest } from './request.ts'

/** Query: `dataset`, `symbol`, `from`, `to` (days), `since` (an instant), `limit`, `after` (of `next`). Reads only. Throws RequestError 400 for anything else. */
export const changes = (node: Node) =>
  checking({ query: ChangesQuery }, async (c: Context): Promise<Response> => {
    const { filter, limit } = readRequest(node, c)
    const found = await pageCorrections(node.db, filter, limit + 1)
    if (found.length === 0 && filter.symbol !== null) checkSymbol(node, filter.symbol)
    const page = found.slice(0, limit)
    const next = found.length > limit ? nextPage(c, page.at(-1)) : null
    if (!c.req.path.endsWith('.csv')) return c.json({ ok: true, changes: page.map(changeOf), next })
    if (next !== null) c.header('Link', `<${next}>; rel="next"`)
    c.header('Content-Type', 'text/csv; charset=utf-8; header=present')
    return c.body(csvOf(page))
  })
