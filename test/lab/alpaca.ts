/** Plays Alpaca's market data host: stock bars by symbol list or by symbol, with its pages, walls and odd answers. */
import type { DatasetName } from '../../functions/_market/cell.ts'
import { maxDt } from '../../functions/_market/dt.ts'
import { type BarsQuery, RECENT_WALL_MS, readBarsQuery, refuse, tokenOf } from './alpaca-query.ts'
import { hexOf, seedOf } from './chance.ts'
import { midnightOf, newYorkDt } from './new-york.ts'
import { type Place, type Timeframe, walk } from './paging.ts'
import { type Dialect, HTML_TYPE, json, type Question, type Reply, reply } from './reply.ts'
import type { BarSource, LabBar } from './source.ts'

export interface AlpacaTerms {
  source: BarSource
  keys: { id: string; secret: string }
  plan: 'basic' | 'open'
  seed: number
  /** Symbols that are refused although they look well-formed. */
  poison: readonly string[]
}

const UNAUTHORISED =
  '<html>\r\n<head><title>401 Authorization Required</title></head>\r\n<body>\r\n<center><h1>401 Authorization Required</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n'
const DATASET: Record<Timeframe, DatasetName> = { day: 'equities_bars', minute: 'equities_bars_minute' }
/** Where each feed's history begins on the free plan (SIP documented, IEX measured). */
const HISTORY = { sip: '2016-01-01', iex: '2022-01-01' } as const
const TICKER = /^[A-Z]{1,5}(?:\.[A-Z]{1,4})?$/
/** One answer in so many that ends has a token all the same, and an empty page behind it. */
const IDLE_TOKEN_EVERY = 16
type BarKey = 't' | 'o' | 'h' | 'l' | 'c' | 'v' | 'n' | 'vw'
/** Field orders seen in recorded answers, older and newer ones. */
const KEY_ORDERS: BarKey[][] = [
  ['t', 'o', 'h', 'l', 'c', 'v', 'n', 'vw'],
  ['c', 'h', 'l', 'n', 'o', 't', 'v', 'vw'],
  ['v', 'vw', 't', 'n', 'c', 'o', 'l', 'h'],
]

export function alpacaDialect(terms: AlpacaTerms): Dialect {
  const known = new Set(terms.source.symbols())
  const poison = new Set(terms.poison)
  const isTicker = (symbol: string) => !poison.has(symbol) && (known.has(symbol) || TICKER.test(symbol))

  return {
    tooMany: () => json(429, { message: 'too many requests.' }),
    answer(question) {
      const { headers, path, query, now } = question
      if (headers['apca-api-key-id'] !== terms.keys.id || headers['apca-api-secret-key'] !== terms.keys.secret) {
        return reply(401, HTML_TYPE, UNAUTHORISED)
      }
      const twin = /^\/v2\/stocks\/([^/]+)\/bars$/.exec(path)
      if (!twin && path !== '/v2/stocks/bars') return json(404, { message: 'endpoint not found.' })
      const asked = readBarsQuery(query, twin ? decodeURIComponent(twin[1] as string) : undefined, now, isTicker)
      if (terms.plan === 'basic') applyWalls(asked, now)
      return page(asked, question, twin !== null)
    },
  }

  function page(asked: BarsQuery, question: Question, single: boolean): Reply {
    const chance = seedOf(terms.seed, 'alpaca', question.target)
    const order = KEY_ORDERS[chance % KEY_ORDERS.length] as BarKey[]
    const filled = fill(terms.source, asked)
    const idle = filled.rows > 0 && (filled.rows === asked.limit || (chance >>> 8) % IDLE_TOKEN_EVERY === 0)
    const token =
      filled.last && (filled.more || idle) ? tokenOf(filled.last.symbol, asked.span, filled.last.place) : null
    const lists = filled.bars.map(([symbol, bars]) => {
      const printed = bars.map((bar) => print(asked.feed === 'iex' ? onIex(bar) : bar, order))
      return [symbol, `[${printed.join(',')}]`] as const
    })
    const bars = single
      ? `"bars":${lists[0]?.[1] ?? '[]'},"symbol":${JSON.stringify(asked.symbols[0])}`
      : `"bars":{${lists.map(([symbol, list]) => `${JSON.stringify(symbol)}:${list}`).join(',')}}`
    const body = `{${bars},"next_page_token":${JSON.stringify(token)}}`
    return {
      ...json(200, null),
      body,
      rows: filled.rows,
      headers: { 'X-Request-ID': hexOf(chance) },
      reach: { dataset: DATASET[asked.span.timeframe], dt: reachOf(asked, filled) },
    }
  }
}

function applyWalls(asked: BarsQuery, now: number): void {
  if (asked.feed === 'sip' && asked.span.to > now - RECENT_WALL_MS) {
    throw refuse(403, 'subscription does not permit querying recent SIP data')
  }
  // Earlier ranges are not refused, they are empty.
  asked.span.from = Math.max(asked.span.from, midnightOf(HISTORY[asked.feed]))
}

interface Filled {
  bars: [symbol: string, bars: LabBar[]][]
  rows: number
  last: { symbol: string; place: Place } | undefined
  /** There is at least one bar behind the last. */
  more: boolean
}

/** One page: the whole range of a symbol before the next symbol begins, up to the limit over all symbols. */
function fill(source: BarSource, asked: BarsQuery): Filled {
  const { symbols, span, limit, after } = asked
  const filled: Filled = { bars: [], rows: 0, last: after, more: false }
  for (const symbol of symbols) {
    if (after && symbol < after.symbol) continue
    const bars: LabBar[] = []
    for (const [bar, place] of walk(source, symbol, span, after?.symbol === symbol ? after.place : undefined)) {
      if (filled.rows === limit) {
        filled.more = true
        break
      }
      bars.push(bar)
      filled.rows++
      filled.last = { symbol, place }
    }
    if (bars.length > 0) filled.bars.push([symbol, bars])
    if (filled.more) break
  }
  return filled
}

/** The newest day the page speaks for: its range's end once any symbol was served to the end, else its newest bar. */
function reachOf(asked: BarsQuery, filled: Filled): string {
  const { span, after, symbols } = asked
  const end = newYorkDt(Math.min(span.to, span.now))
  const first = filled.bars[0]
  const onlyPartOfOne = filled.more && filled.bars.length === 1 && first && (after?.symbol ?? symbols[0]) === first[0]
  if (!onlyPartOfOne || span.order === 'desc') return end
  return first[1].map((bar) => bar.dt).reduce(maxDt)
}

/** IEX sees a small share of the tape: the same prices on a fraction of the volume. */
const onIex = (bar: LabBar): LabBar => ({
  ...bar,
  v: bar.v === null ? null : Math.floor(bar.v / 40) + 1,
  n: bar.n ? Math.floor(bar.n / 40) + 1 : (bar.n ?? null),
})

function print(bar: LabBar, order: BarKey[]): string {
  const stamp = new Date(bar.ts).toISOString()
  let text = ''
  for (const key of order) {
    const value = key === 't' ? `"${stamp.endsWith('.000Z') ? `${stamp.slice(0, 19)}Z` : stamp}"` : bar[key]
    if (value === undefined) continue
    text += `${text === '' ? '{' : ','}"${key}":${value}`
  }
  return `${text}}`
}
