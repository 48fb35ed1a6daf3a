/** What Massive's reference lists say of tickers: pages of all tickers, the details of one, the names of one. */
import { addDays, type Dt, isDt } from '../../_market/dt.ts'
import { readJson } from '../read-json.ts'
import { tryGet } from '../try-get.ts'
import { type Get, type ReferenceQuestion, type ReferenceWant, type SymbolReference, VendorError } from '../vendor.ts'
import { changesOf } from './events.ts'
import { isUnknownTicker, readListPage, VENDOR } from './parse.ts'
import { detailsAddress, eventsAddress, TICKERS_PER_PAGE, tickersAddress } from './request.ts'
import { canonicalSymbol, vendorTicker } from './ticker-format.ts'
import { EventsAnswer, TickerDetails, TickerRow } from './wire.ts'

export async function askReference(
  question: ReferenceQuestion,
  wants: readonly ReferenceWant[],
  get: Get,
): Promise<SymbolReference[] | VendorError> {
  const first = wants[0]
  if (first === undefined) throw new Error('expected a symbol to ask about')
  switch (question) {
    case 'listed':
    case 'delisted':
      return askPage(question, wants, get)
    case 'details':
      return askDetails(first, get)
    case 'names':
      return askNames(first, get)
    default:
      return question satisfies never
  }
}

/**
 * One page of the list, from the first wanted ticker on: it answers every want up to its last row. The vendor's own cursor is not followed: a page
 * that begins at the next wanted ticker skips the thousands that nobody wants, and needs nothing remembered between two nights.
 */
async function askPage(
  question: 'listed' | 'delisted',
  wants: readonly ReferenceWant[],
  get: Get,
): Promise<SymbolReference[] | VendorError> {
  const spelled = wants.map(({ symbol }) => ({ symbol, ticker: vendorTicker(symbol) }))
  const first = spelled.reduce((least, { ticker }) => (ticker < least ? ticker : least), spelled[0]?.ticker ?? '')
  const answer = await tryGet(get, tickersAddress(first, question === 'listed'))
  if (answer instanceof VendorError) return answer
  const page = readListPage(answer)
  if (page instanceof VendorError) return page
  const rows = page.rows.flatMap((row) => TickerRow.safeParse(row).data ?? [])
  const isInOrder = rows.every(({ ticker }, at) => ticker >= (rows[at - 1]?.ticker ?? first))
  if (!isInOrder || (rows.length === 0 && page.rows.length > 0)) {
    const what = `expected tickers from ${first} on in ascending order, got ${page.rows.length} rows that are not`
    return malformed(what, answer.body)
  }
  // Of a page that is not the last one, the last ticker may go on: the list of delisted tickers has a row for each company that had it.
  const isLast = page.nextUrl === null && page.rows.length < TICKERS_PER_PAGE
  const end = rows.at(-1)?.ticker ?? first
  const answered = spelled.filter(({ ticker }) => isLast || ticker < end || ticker === first)
  return answered.map(({ symbol, ticker }) => {
    const own = rows.filter((row) => row.ticker === ticker)
    if (question === 'listed') return { symbol, isListed: own.length > 0, ...described(own[0]) }
    const newest = own.toSorted((a, b) => ((a.delisted_utc ?? '') < (b.delisted_utc ?? '') ? -1 : 1)).at(-1)
    return { symbol, ...described(newest), ...delisting(newest) }
  })
}

/** The first day of one ticker. One the vendor does not know, or gave up, is answered with nothing. */
async function askDetails({ symbol, asOf }: ReferenceWant, get: Get): Promise<SymbolReference[] | VendorError> {
  const answer = await tryGet(get, detailsAddress(vendorTicker(symbol), asOf))
  if (answer instanceof VendorError) return isUnknownTicker(answer) ? [{ symbol }] : answer
  const read = readJson(answer, TickerDetails, VENDOR)
  if (read instanceof VendorError) return read
  const { results } = read
  if (results.ticker !== vendorTicker(symbol)) {
    return malformed(
      `expected details of ${vendorTicker(symbol)}, got those of ${results.ticker.slice(0, 20)}`,
      answer.body,
    )
  }
  const listedFrom = results.list_date ?? ''
  return [{ symbol, ...described(results), ...(isDt(listedFrom) ? { listedFrom } : {}), ...delisting(results) }]
}

/** The tickers one company had before. Their days are approximate. */
async function askNames({ symbol }: ReferenceWant, get: Get): Promise<SymbolReference[] | VendorError> {
  const ticker = vendorTicker(symbol)
  const answer = await tryGet(get, eventsAddress(ticker))
  if (answer instanceof VendorError) return isUnknownTicker(answer) ? [{ symbol }] : answer
  const read = readJson(answer, EventsAnswer, VENDOR)
  if (read instanceof VendorError) return read
  const changes = changesOf(read.results.events ?? [], ticker)
  if (changes instanceof VendorError) return changes
  const earlierTickers = changes.flatMap(({ ticker: name }, at) => {
    const next = changes[at + 1]
    const earlier = name === null ? null : canonicalSymbol(name)
    if (next === undefined || earlier === null || name === next.ticker) return []
    return [{ symbol: earlier, to: addDays(next.date, -1) }]
  })
  return [{ symbol, earlierTickers }]
}

function described(row: TickerRow | undefined): Omit<SymbolReference, 'symbol'> {
  return {
    ...(row?.name ? { name: row.name } : {}),
    ...(row?.type ? { type: row.type } : {}),
    ...(row?.primary_exchange ? { exchange: row.primary_exchange } : {}),
    ...(row?.composite_figi ? { compositeFigi: row.composite_figi } : {}),
    ...(row?.cik ? { cik: row.cik } : {}),
  }
}

/** The stamp is midnight, in New York or in UTC: its text has the day that is meant. */
function delisting(row: TickerRow | undefined): { delistedOn?: Dt } {
  const delistedOn = row?.delisted_utc?.slice(0, 10) ?? ''
  return isDt(delistedOn) ? { delistedOn } : {}
}

const malformed = (what: string, body: string): VendorError =>
  new VendorError(VENDOR, 'malformed', `${VENDOR}: ${what}`, { status: 200, sample: body.slice(0, 500) })
