/** GET /coverage/:dataset: expected, present, absent and open cells by year or month. GET /coverage/:dataset.svg: the same as a picture. A browser gets both on a page. */
import type { Context } from 'hono'
import type { Node } from '../_http/node.ts'
import { prefersPage } from '../_http/prefers-page.ts'
import { checking } from '../_http/request-schemas.ts'
import { keptMaps } from './kept-maps.ts'
import { showMap } from './map-page.tsx'
import { coverageOf } from './periods.ts'
import { pictureOf } from './picture.ts'
import { CoverageQuery, readRequest } from './request.ts'

const PICTURE = '.svg'

/** Query: `from`, `to` (days), `symbols` (`AAPL,A..BRK.B`), `by` (year or month). Reads only. Throws RequestError 400 or 404. */
export const coverage = (node: Node, canLogOut: boolean) => {
  const mapOf = keptMaps(node)
  return checking({ query: CoverageQuery }, async (c: Context): Promise<Response> => {
    const asked = c.req.param('dataset') ?? ''
    const isPicture = asked.endsWith(PICTURE)
    const request = readRequest(node, c, isPicture ? asked.slice(0, -PICTURE.length) : asked)
    if (isPicture) return showPicture(c, (await pictureOf(node, request, 'document')).svg)
    c.header('Vary', 'Accept')
    if (prefersPage(c)) return await showMap(c, node, request, await mapOf(request), canLogOut)
    const { dataset, asof, from, to, symbols, by } = request
    return c.json({
      ok: true,
      dataset,
      asof,
      from,
      to,
      symbols: symbols.length,
      by,
      ...(await coverageOf(node, request)),
    })
  })
}

function showPicture(c: Context, svg: string): Response {
  c.header('Content-Type', 'image/svg+xml; charset=utf-8')
  c.header('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'")
  return c.body(svg)
}
