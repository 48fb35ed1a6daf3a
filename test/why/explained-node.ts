/** A small node whose one night has every kind of cell in it. Sessions: 30 June, 1, 2, 3, 7 and 8 July 2025; the 4th is a holiday. */
import { expect } from 'vitest'
import { loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import type { BarSource } from '../lab/lab.ts'
import { bars, FIRST, startTestNode, type TestNode } from '../test-node.ts'

/** Lacked by Alpaca on a day that lies before Massive's history. */
export const EMPTY_ONCE = { symbol: 'MSFT', dt: '2025-07-01' }
/** Lacked by both. */
export const AGREED_EMPTY = { symbol: 'MSFT', dt: '2025-07-03' }
/** Lacked by Alpaca, delivered by Massive. */
export const SECOND_HAND = { symbol: 'AAPL', dt: '2025-07-03' }
/** Served with prices below zero by both. */
export const HELD = { symbol: 'AAPL', dt: '2025-07-02' }
/** Before both histories. */
export const BEFORE_HISTORY = { symbol: 'AAPL', dt: FIRST }
export const PRESENT = { symbol: 'AAPL', dt: '2025-07-07' }
/** The first day Alpaca and Massive have bars of. */
export const ALPACA_FROM = '2025-07-01'
export const MASSIVE_FROM = '2025-07-02'

const listed = (symbol: string, more: Partial<Config['universe'][number]> = {}): Config['universe'][number] => ({
  symbol,
  from: '2020-01-02',
  to: null,
  ...more,
})

export const UNIVERSE: Config['universe'] = [
  listed('AAPL'),
  listed('GONE', { to: '2025-07-02' }),
  listed('META', { was: [{ symbol: 'FB', to: '2022-06-08' }] }),
  listed('MSFT'),
  listed('NEWB', { from: '2025-07-03' }),
]

type Cell = { symbol: string; dt: string }
const isOneOf = (cells: Cell[], symbol: string, dt: string): boolean =>
  cells.some((cell) => cell.symbol === symbol && cell.dt === dt)

function told(vendor: 'alpaca' | 'massive', lacks: Cell[]): BarSource {
  const steady = bars(vendor, UNIVERSE)
  return {
    ...steady,
    daily: (symbol, from, to) =>
      steady
        .daily(symbol, from, to)
        .filter(({ dt }) => !isOneOf(lacks, symbol, dt))
        .map((bar) => (isOneOf([HELD], symbol, bar.dt) ? { ...bar, o: -1, h: -1, l: -1, c: -1, vw: -1 } : bar)),
  }
}

/** Histories that begin late, yields that come a session late, and corporate actions of which there are none. */
async function configure(config: Config): Promise<Config> {
  const shipped = await loadConfig({ folder: 'config', vendors: CONNECTORS.map(({ name }) => name) })
  const { alpaca_iex: _, ...vendors } = structuredClone(config.vendors)
  vendors.alpaca!.datasets.equities_bars!.history = { from: ALPACA_FROM }
  vendors.massive!.datasets.equities_bars!.history = { from: MASSIVE_FROM }
  vendors.massive!.datasets.macro_treasury!.recency = { sessions: 1, at: '17:00' }
  vendors.fred!.datasets.macro_treasury!.recency = { sessions: 1, at: '16:30' }
  const actions = { ...shipped.datasets.corporate_actions!, depth: { from: FIRST }, only: ['AAPL', 'MSFT'] }
  return { ...config, vendors, datasets: { ...config.datasets, corporate_actions: actions } }
}

/** The node after its night. */
export async function explainedNode(): Promise<TestNode> {
  const node = await startTestNode({
    universe: UNIVERSE,
    sources: {
      alpaca: told('alpaca', [EMPTY_ONCE, AGREED_EMPTY, SECOND_HAND]),
      massive: told('massive', [AGREED_EMPTY]),
    },
  })
  let config: Config | undefined
  await node.reconfigure((small) => {
    config = small
    return small
  })
  const changed = await configure(config!)
  await node.reconfigure(() => changed)
  const endings = await node.night()
  if (!endings.every(({ ok }) => ok)) throw new Error(`the night failed: ${JSON.stringify(endings)}`)
  return node
}

/** What the explanation of a cell says of one vendor. */
export interface VendorBody {
  vendor: string
  attempt: Record<string, unknown> | null
  mayBeAsked: { can: string; at: string | null; because: string[] }
}

/** The explanation of a cell, as far as tests read it. */
export interface ExplanationBody {
  next: { at: string | null; sentence: string }
  expected: Record<string, unknown>
  absence: Record<string, unknown> | null
  task: (Record<string, unknown> & { id: number }) | null
  vendors: VendorBody[]
  [field: string]: unknown
}

/** The explanation of a cell as JSON; it must be there. */
export async function explain(
  node: TestNode,
  symbol: string,
  dt: string,
  dataset = 'equities_bars',
): Promise<ExplanationBody> {
  const { status, body } = await node.get(`/why/${dataset}/${symbol}/${dt}`)
  expect(status, JSON.stringify(body)).toBe(200)
  return body as ExplanationBody
}

/** The answer to a client that accepts `accept`, absent: HTML. */
export const pageAt = (node: TestNode, path: string, accept = 'text/html'): Promise<Response> =>
  fetch(`${node.running().address}/why/${path}`, { headers: { accept } })
