/** The worlds the labelled cells lie in: what the vendors have, what the node is told to collect, and the evenings it lives through. */
import type { Config } from '../../config/schema.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import type { BareNodeTerms } from '../_dispatch/bare-node.ts'
import type { BarSource, YieldSource } from '../lab/lab.ts'
import { syntheticBars, syntheticYields } from '../lab/synthetic.ts'

export interface World {
  terms: BareNodeTerms
  /** Sessions after the first evening on which the node plays another one. */
  evenings: number
  /** False where nothing is asked: the node only knows what it lacks. */
  isDispatched: boolean
  /** Cells that no vendor of this world can give, whatever is asked: all others must be present in the end. */
  lacks(dataset: DatasetName, symbol: string, dt: string): boolean
}

const SEED = 7
type Listing = Config['universe'][number]
const listed = (symbol: string, more: Partial<Listing> = {}): Listing => ({
  symbol,
  from: '1995-01-03',
  to: null,
  ...more,
})

/** A few ordinary weeks around days that the calendars must know. */
function weeks(
  asof: string,
  from: string,
  more: Partial<World> & { universe?: Listing[]; yields?: YieldSource } = {},
): World {
  const {
    universe = [listed('AAPL'), listed('META', { was: [{ symbol: 'FB', to: '2022-06-08' }] })],
    yields,
    ...rest
  } = more
  return {
    terms: {
      asof,
      universe,
      vendors: { alpaca: {}, massive: {}, fred: {} },
      datasets: { equities_bars: { depth: { from } }, macro_treasury: { depth: { from } } },
      yields: yields ?? syntheticYields(SEED),
    },
    evenings: 1,
    isDispatched: true,
    lacks: () => false,
    ...rest,
  }
}

/** Yields with a day on which the source states that there is none. */
function blankOn(dt: string): YieldSource {
  const steady = syntheticYields(SEED)
  return {
    ...steady,
    observations: (id, from, to) =>
      steady.observations(id, from, to).map((row) => (row.date === dt ? { ...row, value: '.' } : row)),
  }
}

const FROM = '2025-06-02'
const ALPACA_FROM = '2025-06-04'
const MASSIVE_FROM = '2025-06-11'
const OUTAGE = '2025-06-09'
const SUSPECT = '2025-07-01'
const MINUTES_FROM = '2025-07-02'

/** Twenty ordinary names make a universe in which one day's silence can be told from a name's own. */
const ORDINARY = ['AAPL', ...'ABCDEFGHIJKLMNOPQRS'].map((name) => (name.length === 1 ? `ORD${name}` : name))
const SUMMER: Listing[] = [
  ...ORDINARY.map((symbol) => listed(symbol)),
  listed('NEWB', { from: '2025-06-17' }),
  listed('GONE', { to: '2025-06-20' }),
  ...['LATE', 'ENDS', 'THIN', 'EDGE', 'ONCE', 'SICK', 'LONE', 'BANE'].map((symbol) => listed(symbol)),
]

/** Days no vendor has of a symbol, for its own reasons; both ends inclusive. */
const NOT_THERE: Record<string, [from: string, to: string][]> = {
  LATE: [['1995-01-03', '2025-06-25']],
  ENDS: [['2025-06-20', '9999-12-31']],
  THIN: [
    ['2025-06-26', '2025-06-26'],
    ['2025-07-03', '2025-07-03'],
  ],
  EDGE: [['2025-07-08', '9999-12-31']],
  ONCE: [['2025-06-05', '2025-06-05']],
}

/** Cells without minutes although the day had trades. */
const NO_MINUTES = [{ symbol: 'LONE', dt: '2025-07-03' }]

function isThere(symbol: string, dt: string): boolean {
  if (dt === SUSPECT) return false
  return !(NOT_THERE[symbol] ?? []).some(([from, to]) => dt >= from && dt <= to)
}

function summerBars(vendor: 'alpaca' | 'massive'): BarSource {
  const steady = syntheticBars({ seed: SEED, universe: SUMMER, vendor })
  const has = (symbol: string, dt: string) => isThere(symbol, dt) && !(vendor === 'alpaca' && dt === OUTAGE)
  return {
    ...steady,
    daily: (symbol, from, to) =>
      steady
        .daily(symbol, from, to)
        .filter(({ dt }) => has(symbol, dt))
        .map((bar) => (symbol === 'SICK' && bar.dt === '2025-06-05' ? { ...bar, c: null } : bar)),
    minute: (symbol, from, to) =>
      steady
        .minute(symbol, from, to)
        .filter(({ dt }) => has(symbol, dt) && !NO_MINUTES.some((cell) => cell.symbol === symbol && cell.dt === dt)),
  }
}

/** One vendor for minutes, none for options, histories that begin one after the other. */
function summerConfig(config: Config): Config {
  const { alpaca, massive } = structuredClone(config.vendors)
  alpaca!.datasets.equities_bars!.history = { from: ALPACA_FROM }
  massive!.datasets.equities_bars!.history = { from: MASSIVE_FROM }
  alpaca!.datasets.options_bars!.entitled = false
  delete massive!.datasets.equities_bars_minute
  delete massive!.datasets.options_bars
  // BANE is refused by Alpaca: of its days only the other vendor can tell.
  return { ...config, vendors: { alpaca: alpaca!, massive: massive! } }
}

function summerLacks(dataset: DatasetName, symbol: string, dt: string): boolean {
  if (dataset === 'options_bars' || dataset === 'corporate_actions') return true
  if (!isThere(symbol, dt)) return true
  if (dataset === 'equities_bars_minute') {
    return symbol === 'BANE' || NO_MINUTES.some((cell) => cell.symbol === symbol && cell.dt === dt)
  }
  if (symbol === 'BANE' && dt < MASSIVE_FROM) return true
  return dt < ALPACA_FROM || dt === OUTAGE || (symbol === 'SICK' && dt === '2025-06-05')
}

const SUMMER_WORLD: World = {
  terms: {
    asof: '2025-07-08',
    universe: SUMMER,
    bars: summerBars,
    vendors: { alpaca: {}, massive: {} },
    datasets: {
      equities_bars: { depth: { from: FROM } },
      equities_bars_minute: { depth: { from: MINUTES_FROM }, only: ['AAPL', 'THIN', 'LONE', 'BANE'] },
      options_bars: { depth: { from: '2025-07-07' }, only: ['AAPL'] },
      corporate_actions: { depth: { from: '2025-07-07' }, only: ['AAPL'] },
    },
    lab: { poison: ['BANE'] },
    change: summerConfig,
  },
  evenings: 2,
  isDispatched: true,
  lacks: summerLacks,
}

/** Nobody has been asked; the vendors' day is a day late. */
const WAITING: World = weeks('2025-07-08', '2025-07-03', { isDispatched: false, lacks: () => true })
WAITING.terms.terms = { recency: { sessions: 1, at: '20:16' } }

export const WORLDS: Record<string, World> = {
  'september-11': weeks('2001-09-18', '2001-08-31', { universe: [listed('AAPL')] }),
  sandy: weeks('2012-11-02', '2012-10-26'),
  bush: weeks('2018-12-07', '2018-11-21'),
  carter: weeks('2025-01-10', '2024-12-24'),
  'jobs-friday': weeks('2021-04-06', '2021-04-01'),
  'good-friday': weeks('2024-04-02', '2024-03-28'),
  'juneteenth-21': weeks('2021-06-22', '2021-05-28'),
  'juneteenth-22': weeks('2022-06-21', '2022-06-08'),
  columbus: weeks('2024-11-13', '2024-10-10', {
    yields: blankOn('2024-11-12'),
    lacks: (dataset, _symbol, dt) => dataset === 'macro_treasury' && dt === '2024-11-12',
  }),
  summer: SUMMER_WORLD,
  waiting: WAITING,
}
