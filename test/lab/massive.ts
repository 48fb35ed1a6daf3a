/** Plays Massive's REST host: who may ask, what is where, and aggregates of stocks and options. */
import type { DatasetName } from '../../functions/_market/cell.ts'
import { addDays, isDt, minDt } from '../../functions/_market/dt.ts'
import type { ActionSource } from './action-source.ts'
import { actionPaths } from './massive-actions.ts'
import { adjust, envelope, print } from './massive-bars.ts'
import { applyWalls, nextUrlOf, readAggsQuery, refuse, requestIdOf } from './massive-query.ts'
import { contractsList, type ListFaults, tickerPaths, yieldsList } from './massive-reference.ts'
import { marketStatus } from './massive-status.ts'
import { closeOf, endOfDay, midnightOf, newYorkDt } from './new-york.ts'
import type { OptionSource } from './option-source.ts'
import { type Place, type Timeframe, walk } from './paging.ts'
import { type Dialect, json, type Question, type Reply, reply } from './reply.ts'
import type { BarSource, LabSplit, YieldSource } from './source.ts'

export interface MassiveTerms {
  source: BarSource
  actions: ActionSource
  options: OptionSource
  listFaults: ListFaults
  yields: YieldSource
  key: string
  plan: 'basic' | 'open'
}

const DATASET: Record<Timeframe, DatasetName> = { day: 'equities_bars', minute: 'equities_bars_minute' }

export function massiveDialect({ source, actions, options, listFaults, yields, key, plan }: MassiveTerms): Dialect {
  const actionsAt = actionPaths(actions, source)
  const tickersAt = tickerPaths(source, actions, listFaults)

  return {
    tooMany: (question) =>
      json(429, {
        status: 'ERROR',
        request_id: requestIdOf(question),
        error:
          "You've exceeded the maximum requests per minute, please wait or upgrade your subscription to continue. https://massive.com/pricing",
      }),
    answer(question) {
      const given = question.headers.authorization?.replace(/^Bearer /, '') ?? question.query.get('apiKey')
      if (!given) throw refuse(question, 401, 'API Key was not provided')
      if (given !== key) throw refuse(question, 401, 'Unknown API Key')
      const parts = question.path.split('/').slice(1).map(decodeURIComponent)
      const [v2, aggs, kind, ...rest] = parts
      if (v2 === 'v2' && aggs === 'aggs' && kind === 'ticker') {
        if (rest[1] === 'range' && rest.length === 6) return range(question, [rest[0], ...rest.slice(2)] as string[])
        if (rest[1] === 'prev' && rest.length === 2) return previous(question, rest[0] as string)
      }
      if (v2 === 'v2' && aggs === 'aggs' && kind === 'grouped' && rest.length === 5) {
        if (rest.slice(0, 4).join('/') === 'locale/us/market/stocks') return grouped(question, rest[4] as string)
      }
      return reference(question, parts) ?? reply(404, 'text/plain', '404 page not found')
    },
  }

  function reference(question: Question, parts: string[]): Reply | undefined {
    const ticker = parts[3] ?? ''
    switch (question.path) {
      case '/stocks/v1/splits':
        return actionsAt.splits(question)
      case '/v3/reference/splits':
        return actionsAt.legacySplits(question)
      case '/stocks/v1/dividends':
        return actionsAt.dividends(question)
      case '/v3/reference/dividends':
        return actionsAt.legacyDividends(question)
      case '/v3/reference/options/contracts':
        return contractsList(options, question)
      case '/fed/v1/treasury-yields':
        return yieldsList(yields, plan, question)
      case '/v1/marketstatus/now':
        return marketStatus(question)
      case '/v3/reference/tickers':
        return tickersAt.list(question)
      default:
        break
    }
    const [, , tickers] = parts
    if (tickers !== 'tickers' || parts[1] !== 'reference') return undefined
    if (parts[0] === 'v3' && parts.length === 4) return tickersAt.details(question, ticker)
    if (parts[0] === 'vX' && parts.length === 5 && parts[4] === 'events') return tickersAt.events(question, ticker)
    return undefined
  }

  function range(question: Question, parts: string[]): Reply {
    const asked = readAggsQuery(question, parts)
    const { span, ticker, limit, adjusted } = asked
    if (plan === 'basic') span.from = applyWalls(question, span.from, span.to)
    const isOption = ticker.startsWith('O:')
    const bars = isOption ? options.bars : source
    const splits = adjusted && !isOption ? splitsSoFar(ticker, question) : []
    const rows: string[] = []
    let last: Place | undefined
    let next: Place | undefined
    let newest = ''
    for (const [bar, place] of walk(bars, isOption ? ticker.slice(2) : ticker, span, asked.after)) {
      if (rows.length === limit) {
        next = place
        break
      }
      rows.push(print(adjust(bar, splits), bar.ts))
      last = place
      if (bar.dt > newest) newest = bar.dt
    }
    const end = newYorkDt(Math.min(span.to, span.now))
    const served = next !== undefined && span.order === 'asc' ? newest : end
    const nextUrl = last && next ? nextUrlOf(question, parts, asked, last, next) : undefined
    const reach = { dataset: isOption ? ('options_bars' as const) : DATASET[span.timeframe], dt: served }
    return envelope(question, { ticker, asked }, rows, nextUrl, reach)
  }

  /** The newest day that is over, stamped with its END, whatever the specification says (recorded 2022). */
  function previous(question: Question, ticker: string): Reply {
    const today = newYorkDt(question.now)
    const isOption = ticker.startsWith('O:')
    const bars = isOption ? options.bars : source
    const symbol = isOption ? ticker.slice(2) : ticker
    const bar = bars.daily(symbol, addDays(today, -10), addDays(today, -1)).at(-1)
    const adjusted = question.query.get('adjusted') !== 'false'
    const splits = adjusted && !isOption ? splitsSoFar(ticker, question) : []
    const rows = bar ? [print(adjust(bar, splits), closeOf(bar.dt), ticker)] : []
    return envelope(question, { ticker, asked: { adjusted } }, rows, undefined, null)
  }

  /** A split that is still to come adjusts nothing yet. */
  function splitsSoFar(symbol: string, question: Question): LabSplit[] {
    const today = newYorkDt(question.now)
    return source.splits(symbol).filter((split) => split.exDt <= today)
  }

  function grouped(question: Question, date: string): Reply {
    if (!isDt(date)) {
      throw refuse(question, 400, "Could not parse the time parameter: 'date'. Use YYYY-MM-DD")
    }
    if (plan === 'basic') applyWalls(question, midnightOf(date), endOfDay(date))
    const adjusted = question.query.get('adjusted') !== 'false'
    // The stamp of a grouped row is the END of its window, unlike everywhere else.
    const stamp = closeOf(date)
    const rows: string[] = []
    for (const symbol of stamp <= question.now ? source.symbols() : []) {
      const splits = adjusted ? splitsSoFar(symbol, question) : []
      for (const bar of source.daily(symbol, date, date)) rows.push(print(adjust(bar, splits), stamp, symbol))
    }
    return envelope(question, { adjusted }, rows, undefined, {
      dataset: 'equities_bars',
      dt: minDt(date, newYorkDt(question.now)),
    })
  }
}
