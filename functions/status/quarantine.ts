/** GET /quarantine: samples of what vendors sent that is no data, newest first. */
import type { Context } from 'hono'
import { z } from 'zod'
import { listSamples } from '../../db/quarantine/list-samples.ts'
import { limitParam, RequestError, readQuery, singleParam } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { checking } from '../_http/request-schemas.ts'

const MOST = 200
const USUAL = 50

const Query = z.strictObject({
  limit: limitParam(MOST),
  vendor: singleParam(z.string()),
})

/** `limit` samples (1 to 200, 50 unless told) of all vendors or of `vendor`. Throws RequestError 400 for anything else. */
export const quarantine = (node: Node) =>
  checking({ query: Query }, async (c: Context): Promise<Response> => {
    const { limit = USUAL, vendor = null } = readQuery(c, Query)
    const known = node.vendors.map(({ name }) => name)
    // A misspelt vendor would be answered with an empty list, which reads as good news.
    if (vendor !== null && !known.includes(vendor)) {
      throw new RequestError(400, `vendor: no ${JSON.stringify(vendor)} here: there are ${known.join(', ')}`)
    }
    const samples = await listSamples(node.db, limit, vendor)
    return c.json({ ok: true, samples: samples.map((row) => ({ ...row, at: new Date(row.at).toISOString() })) })
  })
