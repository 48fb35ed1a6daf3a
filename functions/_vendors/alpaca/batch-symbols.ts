/** Which open cells may ride along with the head of a plan, and how many symbols one address can hold. */
import type { Want } from '../vendor.ts'
import { vendorTicker } from './ticker-format.ts'

const URL_BYTES = 8_000
/** Host, page token and the parameters beside the symbols, generously. */
const URL_REST_BYTES = 700

/** The head and every want from its day on, each once, head first, otherwise in the order given. */
export function eligibleWants(head: Want, others: readonly Want[]): Want[] {
  const seen = new Map([[head.dt, new Set([head.symbol])]])
  const eligible = [head]
  for (const want of others) {
    if (want.dt < head.dt) continue
    const symbols = seen.get(want.dt)
    if (symbols?.has(want.symbol)) continue
    if (symbols) symbols.add(want.symbol)
    else seen.set(want.dt, new Set([want.symbol]))
    eligible.push(want)
  }
  return eligible
}

export interface BatchLimits {
  path: string
  /** Tickers one address may name. */
  tickersPerCall: number
  /** The tickers that a symbol brings into the address. */
  tickersOf(symbol: string): readonly string[]
  /** Rows the plan may expect. */
  mostRows: number
  rowsOf(want: Want): number
}

/** The wants of the head's own day that fit side by side, head first, then by name. The head is taken however large it is. */
export function symbolBatch(head: Want, wants: readonly Want[], limits: BatchLimits): Want[] {
  const neighbours = wants.filter((want) => want.dt === head.dt && want.symbol !== head.symbol)
  neighbours.sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
  const column: Want[] = []
  const vendorTickers = new Set<string>()
  let [rows, tickers, bytes] = [0, 0, URL_REST_BYTES + limits.path.length]
  for (const want of [head, ...neighbours]) {
    // Rows come back under the spelling: a second symbol of the same spelling could not be told apart.
    if (vendorTickers.has(vendorTicker(want.symbol))) continue
    const names = limits.tickersOf(want.symbol)
    rows += limits.rowsOf(want)
    tickers += names.length
    bytes += names.reduce((sum, name) => sum + inUrl(name), 0)
    const isFull = rows > limits.mostRows || tickers > limits.tickersPerCall || bytes > URL_BYTES
    if (isFull && want !== head) break
    vendorTickers.add(vendorTicker(want.symbol))
    column.push(want)
  }
  return column
}

/** A comma is percent-encoded in a query. */
const inUrl = (ticker: string): number => encodeURIComponent(vendorTicker(ticker)).length + 3
