/** Plays Alpaca's hosts behind one address: who may ask, what is where, and the walls of the free plan. */
import type { DatasetName } from '../../functions/_market/cell.ts'
import type { ActionSource } from './action-source.ts'
import { actionsPage } from './alpaca-actions.ts'
import { barsPage } from './alpaca-bars.ts'
import { contractsPage } from './alpaca-contracts.ts'
import { type BarsQuery, RECENT_WALL_MS, readBarsQuery, readOptionBarsQuery, refuse } from './alpaca-query.ts'
import { assets, calendarDays, clockNow } from './alpaca-trading.ts'
import { companyBars } from './company-bars.ts'
import { midnightOf } from './new-york.ts'
import type { OptionSource } from './option-source.ts'
import type { Timeframe } from './paging.ts'
import { type Dialect, HTML_TYPE, json, type Question, type Reply, reply } from './reply.ts'
import type { BarSource } from './source.ts'

export interface AlpacaTerms {
  source: BarSource
  actions: ActionSource
  options: OptionSource
  keys: { id: string; secret: string }
  plan: 'basic' | 'open'
  seed: number
  /** Symbols that are refused although they look well-formed. */
  poison: readonly string[]
}

const UNAUTHORISED =
  '<html>\r\n<head><title>401 Authorization Required</title></head>\r\n<body>\r\n<center><h1>401 Authorization Required</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n'
const DATASET: Record<Timeframe, DatasetName> = { day: 'equities_bars', minute: 'equities_bars_minute' }
/** Where each history begins on the free plan (SIP and options documented, IEX measured). */
const HISTORY = { sip: '2016-01-01', iex: '2022-01-01', options: '2024-02-01' } as const
const TICKER = /^[A-Z]{1,5}(?:\.[A-Z]{1,4})?$/

const isTrading = (path: string): boolean => /^\/v2\/(?:assets|calendar|clock|options)\b/.test(path)

export function alpacaDialect(terms: AlpacaTerms): Dialect {
  const { source, options, keys, plan, seed } = terms
  const known = new Set(source.symbols())
  const poison = new Set(terms.poison)
  const isTicker = (symbol: string) => !poison.has(symbol) && (known.has(symbol) || TICKER.test(symbol))
  const isBasic = plan === 'basic'

  return {
    tooMany: () => json(429, { message: 'too many requests.' }),
    // The data host and the trading host count apart; here one address plays both.
    budget: ({ path }) => (isTrading(path) ? 'trading' : 'data'),
    answer(question) {
      const { headers } = question
      if (headers['apca-api-key-id'] !== keys.id || headers['apca-api-secret-key'] !== keys.secret) {
        // Measured on the data host; the trading host's answer is what several users of the official clients report.
        return isTrading(question.path) ? json(403, { message: 'forbidden.' }) : reply(401, HTML_TYPE, UNAUTHORISED)
      }
      const twin = /^\/v2\/stocks\/([^/]+)\/bars$/.exec(question.path)
      return twin ? stockBars(question, decodeURIComponent(twin[1] as string)) : answerPath(question)
    },
  }

  function answerPath(question: Question): Reply {
    switch (question.path) {
      case '/v2/stocks/bars':
        return stockBars(question)
      case '/v1beta1/options/bars':
        return optionBars(question)
      case '/v1/corporate-actions':
      case '/v1beta1/corporate-actions':
        return actionsPage(terms.actions, question)
      case '/v2/options/contracts':
        return contractsPage(options, question)
      case '/v2/assets':
        return assets(source, question)
      case '/v2/calendar':
        return calendarDays(question)
      case '/v2/clock':
        return clockNow(question)
      default:
        return json(404, { message: 'endpoint not found.' })
    }
  }

  function stockBars(question: Question, pathSymbol?: string): Reply {
    const asked = readBarsQuery(question.query, pathSymbol, question.now, isTicker)
    if (isBasic && asked.feed === 'sip')
      recentWall(asked, question.now, 'subscription does not permit querying recent SIP data')
    if (isBasic) historyWall(asked, asked.feed)
    const bars = asked.asof === null ? source : companyBars(source, asked.asof)
    const { speaksFor, ...page } = barsPage(bars, asked, question, { seed, single: pathSymbol !== undefined })
    return { ...page, reach: { dataset: DATASET[asked.span.timeframe], dt: speaksFor } }
  }

  function optionBars(question: Question): Reply {
    const asked = readOptionBarsQuery(question.query, question.now)
    // Who meets this refusal, and when, is told differently by different users; newest data without a signature is the common ground.
    if (isBasic) recentWall(asked, question.now, 'OPRA agreement is not signed')
    if (isBasic) historyWall(asked, 'options')
    const { speaksFor, ...page } = barsPage(options.bars, asked, question, { seed, single: false })
    return { ...page, reach: { dataset: 'options_bars', dt: speaksFor } }
  }
}

function recentWall(asked: BarsQuery, now: number, message: string): void {
  if (asked.span.to > now - RECENT_WALL_MS) throw refuse(403, message)
}

/** Earlier ranges are not refused, they are empty. */
function historyWall(asked: BarsQuery, history: keyof typeof HISTORY): void {
  asked.span.from = Math.max(asked.span.from, midnightOf(HISTORY[history]))
}
