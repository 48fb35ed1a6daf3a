/** GET /queue: what is open and why, what comes next at each vendor, who works on what, what was given up, and when all of it is done. */
import type { Context } from 'hono'
import { z } from 'zod'
import { datasetNamed, limitParam, RequestError, readQuery, singleParam } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { checking } from '../_http/request-schemas.ts'
import { SymbolText } from '../_market/cell.ts'
import { DtText } from '../_market/dt.ts'
import { viewOf } from './view.ts'

const MOST = 1_000
const USUAL = 20

const Query = z.strictObject({
  dataset: singleParam(z.string()),
  state: singleParam(z.enum(['queued', 'leased', 'stalled'])),
  symbol: singleParam(SymbolText),
  from: singleParam(DtText),
  to: singleParam(DtText),
  /** Of every list. */
  limit: limitParam(MOST),
  /** `no` leaves the forecast out, which has to count the whole coverage. */
  forecast: singleParam(z.enum(['yes', 'no'])),
})

/** Reads only, asks nobody. The filters narrow what is counted and listed, not heads and forecast. Throws RequestError 400 or 404. */
export const queue = (node: Node) =>
  checking({ query: Query }, async (c: Context): Promise<Response> => {
    const { dataset, state, symbol, from, to, limit = USUAL, forecast = 'yes' } = readQuery(c, Query)
    if (from !== undefined && to !== undefined && from > to) {
      throw new RequestError(400, `from: ${from} lies after to, ${to}`)
    }
    const filter = {
      ...(dataset === undefined ? {} : { dataset: datasetNamed(node, dataset).dataset }),
      ...(state === undefined ? {} : { state }),
      ...(symbol === undefined ? {} : { symbol }),
      ...(from === undefined ? {} : { fromDt: from }),
      ...(to === undefined ? {} : { toDt: to }),
    }
    return c.json(await viewOf(node, filter, limit, forecast === 'yes'))
  })
