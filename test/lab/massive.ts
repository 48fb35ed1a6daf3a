/** Plays Massive's REST host: aggregates by ticker and range, and the whole market on one day. */
import type { DatasetName } from '../../functions/_market/cell.ts'
import { isDt, minDt } from '../../functions/_market/dt.ts'
import { type AggsQuery, applyWalls, nextUrlOf, readAggsQuery, refuse, requestIdOf } from './massive-query.ts'
import { closeOf, endOfDay, midnightOf, newYorkDt } from './new-york.ts'
import { type Place, type Timeframe, walk } from './paging.ts'
import { type Dialect, json, type Question, type Reply, reply } from './reply.ts'
import type { BarSource, LabBar, LabSplit } from './source.ts'

export interface MassiveTerms {
  source: BarSource
  key: string
  plan: 'basic' | 'open'
}

const DATASET: Record<Timeframe, DatasetName> = { day: 'equities_bars', minute: 'equities_bars_minute' }

export function massiveDialect({ source, key, plan }: MassiveTerms): Dialect {
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
      if (v2 === 'v2' && aggs === 'aggs' && kind === 'ticker' && rest[1] === 'range' && rest.length === 6) {
        return range(question, [rest[0], ...rest.slice(2)] as string[])
      }
      if (v2 === 'v2' && aggs === 'aggs' && kind === 'grouped' && rest.length === 5) {
        if (rest.slice(0, 4).join('/') === 'locale/us/market/stocks') return grouped(question, rest[4] as string)
      }
      return reply(404, 'text/plain', '404 page not found')
    },
  }

  function range(question: Question, parts: string[]): Reply {
    const asked = readAggsQuery(question, parts)
    const { span, ticker, limit, adjusted } = asked
    if (plan === 'basic') span.from = applyWalls(question, span.from, span.to)
    const splits = adjusted ? source.splits(ticker) : []
    const rows: string[] = []
    let last: Place | undefined
    let next: Place | undefined
    let newest = ''
    for (const [bar, place] of walk(source, ticker, span, asked.after)) {
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
    return envelope(question, { ticker, asked }, rows, nextUrl, { dataset: DATASET[span.timeframe], dt: served })
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
      const splits = adjusted ? source.splits(symbol) : []
      for (const bar of source.daily(symbol, date, date)) rows.push(print(adjust(bar, splits), stamp, symbol))
    }
    return envelope(question, { adjusted }, rows, undefined, {
      dataset: 'equities_bars',
      dt: minDt(date, newYorkDt(question.now)),
    })
  }
}

/** The answer's frame; `results` is absent when there are none, and the next page's URL never holds the key. */
function envelope(
  question: Question,
  about: { ticker: string; asked: AggsQuery } | { adjusted: boolean },
  rows: string[],
  nextUrl: string | undefined,
  reach: Reply['reach'],
): Reply {
  const fields = [
    ...('ticker' in about ? [`"ticker":${JSON.stringify(about.ticker)}`] : []),
    `"queryCount":${rows.length}`,
    `"resultsCount":${rows.length}`,
    `"adjusted":${'asked' in about ? about.asked.adjusted : about.adjusted}`,
    ...(rows.length > 0 ? [`"results":[${rows.join(',')}]`] : []),
    '"status":"OK"',
    `"request_id":"${requestIdOf(question)}"`,
    ...(rows.length > 0 && 'ticker' in about ? [`"count":${rows.length}`] : []),
    ...(nextUrl === undefined ? [] : [`"next_url":${JSON.stringify(nextUrl)}`]),
  ]
  return {
    ...json(200, null),
    body: `{${fields.join(',')}}`,
    rows: rows.length,
    headers: {
      'X-Request-Id': requestIdOf(question),
      ...(nextUrl === undefined ? {} : { Link: `<${nextUrl}>; rel="next"` }),
    },
    reach,
  }
}

/** Prices and volume on the share count of the newest split; untouched bars stay the same double. */
function adjust(bar: LabBar, splits: readonly LabSplit[]): LabBar {
  let ratio = 1
  for (const split of splits) if (split.exDt > bar.dt) ratio *= split.ratio
  if (ratio === 1) return bar
  const price = (value: number | null) => (value === null ? null : Math.round((value / ratio) * 10_000) / 10_000)
  return {
    ...bar,
    o: price(bar.o),
    h: price(bar.h),
    l: price(bar.l),
    c: price(bar.c),
    v: bar.v === null ? null : bar.v * ratio,
    ...(bar.vw === undefined ? {} : { vw: price(bar.vw) }),
  }
}

function print(bar: LabBar, t: number, ticker?: string): string {
  // Volume is a double here and shows it: 1200.0.
  const v = Number.isInteger(bar.v) && Math.abs(bar.v as number) < 1e21 ? `${bar.v}.0` : `${bar.v}`
  const tail = `${bar.n == null ? '' : `,"n":${bar.n}`}`
  const head = ticker === undefined ? '' : `"T":${JSON.stringify(ticker)},`
  const vw = bar.vw == null ? '' : `,"vw":${bar.vw}`
  return `{${head}"v":${v}${vw},"o":${bar.o},"c":${bar.c},"h":${bar.h},"l":${bar.l},"t":${t}${tail}}`
}
