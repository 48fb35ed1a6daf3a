/** GET /vendors: what each vendor may be asked for, what it may still spend, how it is doing, and how its score comes about. */
import type { Context } from 'hono'
import { z } from 'zod'
import { datasetsOf } from '../_catalog/catalog.ts'
import { forecastOf } from '../_forecast/forecast.ts'
import { readQuery, singleParam } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { prefersPage } from '../_http/prefers-page.ts'
import { checking } from '../_http/request-schemas.ts'
import { keptSummary } from '../_page/kept-summary.ts'
import { showPage } from '../_page/layout.tsx'
import { contentOf } from './page.ts'
import { viewOf } from './view.ts'

const Query = z.strictObject({
  /** `no` leaves the forecast out, which has to count the whole coverage. */
  forecast: singleParam(z.enum(['yes', 'no'])),
})

/** JSON, or a page for a client that prefers text/html. Reads only, asks nobody. Throws RequestError 400 for a query it does not know. */
export const vendors = (node: Node, canLogOut: boolean) => {
  const forecast = keptSummary({
    load: () => forecastOf(node),
    elapsed: () => node.elapsed(),
    now: () => node.now(),
    onError: (error) => node.log('vendors.forecast_failed', { error }),
  })
  return checking({ query: Query }, async (c: Context): Promise<Response> => {
    const { forecast: wanted = 'yes' } = readQuery(c, Query)
    c.header('Vary', 'Accept')
    if (!prefersPage(c)) return c.json(await viewOf(node, wanted === 'yes' ? await forecastOf(node) : null))
    const kept = wanted === 'yes' ? await forecast.readSoon() : null
    const view = await viewOf(node, kept?.summary ?? null)
    const datasets = datasetsOf(node.config).map(({ dataset }) => dataset)
    return await showPage(c, {
      title: 'Vendors',
      datasets,
      canLogOut,
      children: contentOf(view, { isForecastPending: wanted === 'yes' && kept === null }),
    })
  })
}
