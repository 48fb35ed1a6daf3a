/**
 * Alpaca's list of assets (GET /v2/assets, trading host): which tickers can be traded today, in one call. It states no listing, delisting or
 * rename dates, and lacks some tickers that others know.
 */
import { z } from 'zod'
import { readJson } from '../read-json.ts'
import { tryGet } from '../try-get.ts'
import { type Get, type ReferenceQuestion, type ReferenceWant, type SymbolReference, VendorError } from '../vendor.ts'
import { VENDOR } from './parse.ts'
import { vendorTicker } from './ticker-format.ts'

const PATH = '/v2/assets'
const Assets = z.array(z.unknown())
const Asset = z.object({
  symbol: z.string(),
  status: z.string(),
  name: z.string().nullish(),
  exchange: z.string().nullish(),
})

/** Every want is answered by the one call. An empty list is no list, and so is one without a single readable row. */
export async function askAssets(
  _question: ReferenceQuestion,
  wants: readonly ReferenceWant[],
  get: Get,
): Promise<SymbolReference[] | VendorError> {
  const query = { status: 'active', asset_class: 'us_equity' }
  const answer = await tryGet(get, { path: PATH, host: 'trading', query })
  if (answer instanceof VendorError) return answer
  const rows = readJson(answer, Assets, VENDOR)
  if (rows instanceof VendorError) return rows
  const active = new Map<string, z.output<typeof Asset>>()
  for (const row of rows) {
    const { data } = Asset.safeParse(row)
    if (data?.status === 'active') active.set(data.symbol, data)
  }
  if (active.size === 0) {
    const message = `GET ${PATH} at ${VENDOR}: expected active assets, got ${rows.length} rows and none of them`
    return new VendorError(VENDOR, 'malformed', message, { status: answer.status, sample: answer.body.slice(0, 500) })
  }
  return wants.map(({ symbol }) => {
    const asset = active.get(vendorTicker(symbol))
    return {
      symbol,
      isListed: asset !== undefined,
      ...(asset?.name ? { name: asset.name } : {}),
      ...(asset?.exchange ? { exchange: asset.exchange } : {}),
    }
  })
}
