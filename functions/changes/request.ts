/** Reads and checks a `/changes` request, and makes the URL of the next page. */
import type { Context } from 'hono'
import { z } from 'zod'
import type { CorrectionFilter, CorrectionKey } from '../../db/corrections/page-corrections.ts'
import { datasetsOf } from '../_catalog/catalog.ts'
import { limitParam, RequestError, readQuery, singleParam } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { SymbolText } from '../_market/cell.ts'
import { DtText } from '../_market/dt.ts'

const MOST = 1000
const USUAL = 100
const INSTANT = {
  error: 'expected an instant such as 2026-01-05T20:30:00-05:00 or 2026-01-06T01:30:00Z (+ is %2B in an address)',
}
const PLACE = { error: 'expected the place a page ended at, as `next` has it' }

const Place = z
  .string()
  .regex(/^\d{1,15}~[a-z_]+~[A-Z0-9.-]{1,16}~\d{4}-\d\d-\d\d~[a-z][a-z0-9_]*~[0-9A-Za-z]{1,64}$/, PLACE)
  .transform((text): CorrectionKey => {
    const [at = '', dataset = '', symbol = '', dt = '', vendor = '', digest = ''] = text.split('~')
    return { at: Number(at), dataset, symbol, dt, vendor, digest }
  })

export const ChangesQuery = z.strictObject({
  dataset: singleParam(z.string()),
  symbol: singleParam(SymbolText),
  from: singleParam(DtText),
  to: singleParam(DtText),
  since: singleParam(z.iso.datetime({ offset: true, ...INSTANT }).transform((text) => Date.parse(text))),
  limit: limitParam(MOST),
  after: singleParam(Place),
})

/** `limit` is 1 to 1,000, 100 unless told. Throws RequestError 400. A symbol that has left the universe may still be asked about. */
export function readRequest(node: Node, c: Context): { filter: CorrectionFilter; limit: number } {
  const { dataset, symbol, from, to, since, limit = USUAL, after } = readQuery(c, ChangesQuery)
  const known = datasetsOf(node.config).map((one) => one.dataset as string)
  if (dataset !== undefined && !known.includes(dataset)) {
    throw new RequestError(400, `dataset: no ${JSON.stringify(dataset)} here: there are ${known.join(', ')}`)
  }
  if (from !== undefined && to !== undefined && from > to)
    throw new RequestError(400, `from: ${from} lies after to, ${to}`)
  const filter = {
    dataset: dataset ?? null,
    symbol: symbol ?? null,
    from: from ?? null,
    to: to ?? null,
    since: since ?? null,
    after: after ?? null,
  }
  return { filter, limit }
}

/** Nothing found of a symbol nobody has heard of would read as good news. Throws RequestError 400. */
export function checkSymbol({ config }: Node, symbol: string): void {
  const groups = Object.values(config.datasets).flatMap(({ groups = {} }) => Object.keys(groups))
  if (groups.includes(symbol) || config.universe.some((one) => one.symbol === symbol)) return
  const now = config.universe.find(({ was = [] }) => was.some((name) => name.symbol === symbol))
  const hint = now ? `it is a former name of ${now.symbol}` : `the universe has ${config.universe.length} others`
  throw new RequestError(400, `symbol: no ${symbol} here: ${hint}`)
}

/** The same question from behind the last row on; null where there was none. */
export function nextPage(c: Context, last: CorrectionKey | undefined): string | null {
  if (!last) return null
  const { at, dataset, symbol, dt, vendor, digest } = last
  const query = new URLSearchParams(c.req.query())
  query.set('after', [at, dataset, symbol, dt, vendor, digest].join('~'))
  return `${c.req.path}?${query}`
}
