/** A server in place of a vendor that gives back the keys it was asked with, in every place an answer has. */
import { createServer, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { LabVendorName } from '../lab/lab.ts'
import { canariesIn, spellingsOf } from './canary-search.ts'

interface Echo {
  status: number
  headers: OutgoingHttpHeaders
  body: string
}

export interface EchoVendor {
  url: string
  /** How often each manner was used. */
  used: Record<string, number>
  /** How many requests carried a canary: those that can give one away. */
  told(): number
  /** From now on a path is always answered in the manner chosen for it; null: in turn again. */
  hold(choose: ((path: string) => string) | null): void
  close(): Promise<void>
}

interface Heard {
  path: string
  /** The vendor's own base address. */
  base: string
  /** The keys of the request, as they are and in all spellings. */
  keys: string[]
  text: string
  /** A day for rows that are to be accepted. */
  dt: string
}

const json = (body: unknown, status = 200, headers: OutgoingHttpHeaders = {}): Echo => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})
const html = (body: string, status: number): Echo => ({ status, headers: { 'content-type': 'text/html' }, body })

/** Every answer of a vendor that has rows, with the keys in place of what cannot be read, and beside it where anything goes. */
function unreadable({ path, text, dt }: Heard): unknown {
  const bar = { t: text, o: text, h: text, l: text, c: text, v: text, [text]: text }
  const priced = { t: `${dt}T04:00:00Z`, o: 1, h: 1, l: 1, c: text, v: 1 }
  if (path.includes('/bars')) return { bars: { AAPL: [bar, priced], [text]: [bar, priced] }, next_page_token: null }
  if (path.includes('contracts')) {
    const contract = { symbol: text, underlying_symbol: 'AAPL', expiration_date: dt, strike_price: text, type: text }
    return {
      option_contracts: [contract],
      next_page_token: null,
      status: 'OK',
      results: [{ ticker: text, note: text }],
    }
  }
  if (path.includes('corporate-actions')) {
    const dividend = { id: text, symbol: 'AAPL', ex_date: text, rate: text }
    const split = { symbol: text, ex_date: dt }
    return { corporate_actions: { cash_dividends: [dividend], forward_splits: [split] }, next_page_token: null }
  }
  if (path.includes('observations')) {
    const rows = [
      { date: text, value: '1', realtime_start: dt },
      { date: dt, value: text, realtime_start: text },
    ]
    return { count: rows.length, offset: 0, observations: rows }
  }
  const rows = [bar, { ...priced, T: text, date: text, ticker: text, ex_dividend_date: dt, execution_date: text }]
  return { status: 'OK', resultsCount: rows.length, results: path.includes('events') ? { events: rows } : rows }
}

/** Rows that are good, but for keys where a row may hold any text: what is written to disk is written from these. */
function accepted(heard: Heard): unknown {
  const { path, text, dt } = heard
  const free = { note: text, [text]: text, deep: { list: [text, { text }] } }
  if (path.includes('corporate-actions')) {
    const dividend = { id: text, symbol: 'AAPL', ex_date: dt, rate: 0.25, special: false, sub_type: text, ...free }
    return { corporate_actions: { cash_dividends: [dividend], [text]: [dividend] }, next_page_token: null }
  }
  if (path.endsWith('/dividends')) {
    const dividend = { id: text, ticker: 'AAPL', ex_dividend_date: dt, cash_amount: 0.25, currency: text }
    return { status: 'OK', results: [{ ...dividend, distribution_type: text, ...free }] }
  }
  if (path.includes('/events')) {
    const change = (ticker: string, date: string) => ({ type: 'ticker_change', date, ticker_change: { ticker } })
    return { status: 'OK', results: { events: [change('AAPL', dt), change(text, '2001-01-02')] } }
  }
  if (path.includes('/v2/options/contracts')) {
    const symbol = `AAPL${dt.slice(2).replaceAll('-', '')}C00100000`
    const contract = { symbol, underlying_symbol: 'AAPL', expiration_date: dt, strike_price: '100', type: 'call' }
    return { option_contracts: [{ ...contract, ...free }], next_page_token: null }
  }
  if (path.includes('/v2/stocks/bars')) {
    const bar = { t: `${dt}T04:00:00Z`, o: 1, h: 1, l: 1, c: 1, v: 1, ...free }
    return { bars: { AAPL: [bar] }, next_page_token: null, ...free }
  }
  if (path.includes('observations')) {
    const row = { date: dt, value: '4.25', realtime_start: dt, ...free }
    return { count: 1, offset: 0, observations: [row], ...free }
  }
  return { status: 'OK', resultsCount: 0, results: [], bars: {}, next_page_token: null, ...free }
}

const MANNERS: Record<string, (heard: Heard) => Echo> = {
  unreadable: (heard) => json(unreadable(heard)),
  accepted: (heard) => json(accepted(heard)),
  envelope: ({ text, keys }) => json({ status: text, bars: text, results: text, observations: text, [text]: keys }),
  nextPage: ({ path, base, keys, text }) => {
    const key = encodeURIComponent(keys[0] ?? '')
    const next = { next_page_token: text, next_url: `${base}${path}?cursor=${key}&apiKey=${key}` }
    return json({ status: 'OK', resultsCount: 0, bars: {}, corporate_actions: {}, option_contracts: [], ...next })
  },
  elsewhere: ({ keys }) => {
    const next_url = `http://127.0.0.1:1/${encodeURIComponent(keys.join(' '))}?apiKey=${encodeURIComponent(keys[0] ?? '')}`
    return json({ status: 'OK', resultsCount: 1, results: [{}], next_url, bars: null, next_page_token: null })
  },
  badRequest: ({ text }) => json({ message: text, error: text, error_message: text, code: 1 }, 400),
  refused: ({ text }) => json({ status: 'NOT_AUTHORIZED', message: text, error: text, error_message: text }, 403),
  unknown: ({ text }) =>
    json({ status: 'NOT_FOUND', message: text, error_message: `series does not exist ${text}` }, 404),
  // The cut of a message and of a sample falls into the key.
  longMessage: ({ keys }) => {
    const said = [280, 290, 295, 480, 490, 495].map((length) => `${'x'.repeat(length)}${keys[0]}`)
    return json({ message: said[1], error: said[2], error_message: said[0], more: said }, 400)
  },
  longPage: ({ keys, text }) => html(`<p>${'x'.repeat(480)}${keys[0]}${text}</p>`, 200),
  page: ({ text }) => html(`<h1>${text}</h1>`, 200),
  errorPage: ({ text }) => html(`<h1>401 ${text}</h1>`, 503),
  plainText: ({ text }) => ({ status: 500, headers: { 'content-type': 'text/plain' }, body: text }),
  broken: ({ text }) => ({ status: 200, headers: { 'content-type': 'application/json' }, body: `{"bars":"${text}` }),
  tooMany: ({ text, keys }) => {
    const headers = { 'retry-after': keys[0] ?? '', 'x-ratelimit-reset': keys[0] ?? '', 'x-request-id': keys.join(' ') }
    return json({ message: text, error: text, error_message: text }, 429, headers)
  },
  contentType: ({ keys, text }) => ({ status: 200, headers: { 'content-type': `text/${keys[0]}` }, body: text }),
  redirect: ({ keys: [key = '', ...more] }) => {
    // The name of a host has small letters only, and none of the other characters of a key.
    const host = /^\w+$/.test(key) ? key.toUpperCase() : 'elsewhere'
    const location = `http://${host}.invalid/?key=${encodeURIComponent([key, ...more].join(' '))}`
    return { status: 302, headers: { 'content-type': 'text/html', location, 'set-cookie': `key=${key}` }, body: '' }
  },
}

export const MANNER_NAMES = Object.keys(MANNERS)

/** The keys a request carried, whatever the place. */
function keysOf(request: IncomingMessage, query: URLSearchParams): string[] {
  const { authorization = '' } = request.headers
  const header = (name: string): string => String(request.headers[name] ?? '')
  const found = [header('apca-api-key-id'), header('apca-api-secret-key'), authorization.replace(/^Bearer /, '')]
  return [...found, query.get('api_key') ?? '', query.get('apiKey') ?? ''].filter((key) => key !== '')
}

/** All spellings but the one that is escaped twice: the body they stand in escapes them once more. */
const escapedOnce = (key: string): string[] => {
  const { jsonTwice: _, ...others } = spellingsOf(key)
  return Object.values(others)
}

/** Starts the server; each request is answered in the next of `manners`, round and round. `dtOf` is the day its good rows are of. */
export async function echoVendor(vendor: LabVendorName, dtOf: () => string): Promise<EchoVendor> {
  const used: Record<string, number> = {}
  let asked = 0
  let told = 0
  let chosen: ((path: string) => string) | null = null
  let url = ''
  const server = createServer((request, response) => {
    const [path = '/', ...search] = (request.url ?? '/').split('?')
    const keys = keysOf(request, new URLSearchParams(search.join('?')))
    if (canariesIn(keys.join(' ')).length > 0) told++
    const whole = Buffer.from(keys.join(':')).toString('base64')
    const spelled = [...keys.flatMap(escapedOnce), whole]
    const manner = chosen?.(path) ?? (MANNER_NAMES[asked++ % MANNER_NAMES.length] as string)
    used[manner] = (used[manner] ?? 0) + 1
    const heard: Heard = { path, base: url, keys, text: `${vendor} heard ${spelled.join(' ')}`, dt: dtOf() }
    const { status, headers, body } = (MANNERS[manner] as (typeof MANNERS)[string])(heard)
    response.writeHead(status, headers)
    response.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    used,
    told: () => told,
    hold(choose) {
      chosen = choose
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
