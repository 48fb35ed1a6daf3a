/** Fills and prints the pages of Alpaca's bars, of stocks and of options alike. */
import { maxDt } from '../../functions/_market/dt.ts'
import { type BarsQuery, tokenOf } from './alpaca-query.ts'
import { hexOf, seedOf } from './chance.ts'
import { newYorkDt } from './new-york.ts'
import { type Place, walk } from './paging.ts'
import { json, type Question, type Reply } from './reply.ts'
import type { BarSource, LabBar, LabSplit } from './source.ts'

/** One answer in so many that ends has a token all the same, and an empty page behind it. */
const IDLE_TOKEN_EVERY = 16
type BarKey = 't' | 'o' | 'h' | 'l' | 'c' | 'v' | 'n' | 'vw'
/** Field orders seen in recorded answers, older and newer ones. */
const KEY_ORDERS: BarKey[][] = [
  ['t', 'o', 'h', 'l', 'c', 'v', 'n', 'vw'],
  ['c', 'h', 'l', 'n', 'o', 't', 'v', 'vw'],
  ['v', 'vw', 't', 'n', 'c', 'o', 'l', 'h'],
]

export interface PageTerms {
  seed: number
  /** The path named one symbol: its bars come as a list, not by symbol. */
  single: boolean
}

export interface Page extends Reply {
  /** The newest day the page speaks for. */
  speaksFor: string
}

/** One page of bars, printed in a field order and perhaps with a needless token, as the seed has it. */
export function barsPage(source: BarSource, asked: BarsQuery, question: Question, terms: PageTerms): Page {
  const { single } = terms
  const today = newYorkDt(question.now)
  const chance = seedOf(terms.seed, 'alpaca', question.target)
  const order = KEY_ORDERS[chance % KEY_ORDERS.length] as BarKey[]
  const filled = fill(source, asked)
  const idle = filled.rows > 0 && (filled.rows === asked.limit || (chance >>> 8) % IDLE_TOKEN_EVERY === 0)
  const token = filled.last && (filled.more || idle) ? tokenOf(filled.last.symbol, asked.span, filled.last.place) : null
  const lists = filled.bars.map(([symbol, bars]) => {
    const splits = asked.adjustment === 'split' ? source.splits(symbol).filter((split) => split.exDt <= today) : []
    const printed = bars.map((bar) => print(adjust(asked.feed === 'iex' ? onIex(bar) : bar, splits), order))
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
    speaksFor: reachOf(asked, filled),
  }
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

/** On the share count after the newest split: prices rounded to cents, volume multiplied, trades as they were (measured on NVDA, 2024). */
function adjust(bar: LabBar, splits: readonly LabSplit[]): LabBar {
  let ratio = 1
  for (const split of splits) if (split.exDt > bar.dt) ratio *= split.ratio
  if (ratio === 1) return bar
  const price = (value: number | null) => (value === null ? null : Math.round((value / ratio) * 100) / 100)
  const { o, h, l, c, v, vw } = bar
  const prices = { o: price(o), h: price(h), l: price(l), c: price(c), ...(vw === undefined ? {} : { vw: price(vw) }) }
  return { ...bar, ...prices, v: v === null ? null : Math.round(v * ratio) }
}

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
