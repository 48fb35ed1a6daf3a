/** Plays Massive's splits and dividends: the paths of 2025 with their cumulative factors, and the older ones without. */
import { addDays, type Dt } from '../../functions/_market/dt.ts'
import { type ActionSource, type DividendAction, type SplitAction, uuidOf } from './action-source.ts'
import { type Listing, list, queryOf, type Row } from './massive-listing.ts'
import { newYorkDt } from './new-york.ts'
import type { Question, Reply } from './reply.ts'
import type { BarSource } from './source.ts'

const SPLITS: Listing = {
  filters: { ticker: 'range and any_of', execution_date: 'range', adjustment_type: 'any_of' },
  limit: { otherwise: 100, most: 5_000 },
  sorting: { style: 'columns', otherwise: 'execution_date.desc' },
}
const LEGACY_SPLITS: Listing = {
  filters: { ticker: 'range', execution_date: 'range' },
  limit: { otherwise: 10, most: 1_000 },
  sorting: { style: 'order', otherwise: 'execution_date.desc' },
}
const DIVIDENDS: Listing = {
  filters: {
    ticker: 'range and any_of',
    ex_dividend_date: 'range',
    frequency: 'range',
    distribution_type: 'any_of',
  },
  limit: { otherwise: 100, most: 5_000 },
  sorting: { style: 'columns', otherwise: 'ticker.asc' },
}
const LEGACY_DIVIDENDS: Listing = {
  filters: {
    ticker: 'range',
    ex_dividend_date: 'range',
    record_date: 'range',
    declaration_date: 'range',
    pay_date: 'range',
    frequency: 'equal',
    cash_amount: 'range',
    dividend_type: 'equal',
  },
  limit: { otherwise: 10, most: 1_000 },
  sorting: { style: 'order', otherwise: 'ex_dividend_date.desc' },
}

export interface ActionPaths {
  splits(question: Question): Reply
  legacySplits(question: Question): Reply
  dividends(question: Question): Reply
  legacyDividends(question: Question): Reply
}

/** `bars` are asked for the close before an ex date, which a dividend's factor needs. */
export function actionPaths(source: ActionSource, bars: BarSource): ActionPaths {
  const known = (question: Question): { splits: SplitAction[]; dividends: DividendAction[] } => {
    const today = newYorkDt(question.now)
    const all = source.actions().filter((action) => action.knownDt <= today)
    return {
      splits: all.filter((action) => action.kind === 'split'),
      dividends: all.filter((action) => action.kind === 'dividend'),
    }
  }
  return {
    splits(question) {
      const { splits } = known(question)
      return list(
        question,
        SPLITS,
        splits.map((split) => splitRow(split, splits)),
      )
    },
    legacySplits(question) {
      const reversed = queryOf(question).get('reverse_split')
      const wanted = known(question).splits.filter(
        ({ from, to }) => reversed === null || from > to === (reversed === 'true'),
      )
      return list(question, LEGACY_SPLITS, wanted.map(legacySplitRow))
    },
    dividends(question) {
      const { splits, dividends } = known(question)
      const factors = dividendFactors(dividends, splits, bars)
      const rows = dividends.map((dividend) => dividendRow(dividend, splits, factors.get(dividend) ?? 1))
      return list(question, DIVIDENDS, rows)
    },
    legacyDividends: (question) => list(question, LEGACY_DIVIDENDS, known(question).dividends.map(legacyDividendRow)),
  }
}

const idOf = (...words: string[]): string =>
  `E${uuidOf('massive', ...words)}${uuidOf(...words, 'massive')}`.replaceAll('-', '')
const toSix = (value: number): number => Math.round(value * 1e6) / 1e6

/** What turns a raw price of a day before the first of `splits` with `exDt > dt` into one of today: the product of all later ratios. */
function splitFactor(splits: readonly SplitAction[], symbol: string, isLater: (exDt: Dt) => boolean): number {
  return splits
    .filter((split) => split.symbol === symbol && isLater(split.exDt))
    .reduce((factor, { from, to }) => (factor * from) / to, 1)
}

function splitRow(split: SplitAction, all: readonly SplitAction[]): Row {
  const { symbol, exDt, from, to } = split
  return {
    adjustment_type: to > from ? 'forward_split' : 'reverse_split',
    execution_date: exDt,
    historical_adjustment_factor: toSix(splitFactor(all, symbol, (other) => other >= exDt)),
    id: idOf('split', symbol, exDt),
    split_from: from,
    split_to: to,
    ticker: symbol,
  }
}

const legacySplitRow = ({ symbol, exDt, from, to }: SplitAction): Row => ({
  execution_date: exDt,
  split_from: from,
  split_to: to,
  ticker: symbol,
})

/** Cumulative from the newest to the oldest: one less the share of the close before the ex date that was paid out. */
function dividendFactors(
  dividends: readonly DividendAction[],
  splits: readonly SplitAction[],
  bars: BarSource,
): Map<DividendAction, number> {
  const running = new Map<string, number>()
  const factors = new Map<DividendAction, number>()
  for (const dividend of dividends.toSorted((a, b) => (a.exDt < b.exDt ? 1 : a.exDt > b.exDt ? -1 : 0))) {
    const { symbol, exDt, cash } = dividend
    const close = bars.daily(symbol, addDays(exDt, -10), addDays(exDt, -1)).at(-1)?.c
    // The close before an ex date that is a split's too is on the old share count.
    const ratio = splitFactor(splits, symbol, (other) => other === exDt)
    const own = close ? 1 - cash / (close * ratio) : 1
    const factor = (running.get(symbol) ?? 1) * own
    running.set(symbol, factor)
    factors.set(dividend, factor)
  }
  return factors
}

function dividendRow(dividend: DividendAction, splits: readonly SplitAction[], factor: number): Row {
  const { symbol, exDt, recordDt, payDt, knownDt, cash, frequency, special } = dividend
  return {
    cash_amount: cash,
    currency: 'USD',
    declaration_date: knownDt,
    distribution_type: special ? 'special' : 'recurring',
    ex_dividend_date: exDt,
    frequency,
    historical_adjustment_factor: toSix(factor),
    id: idOf('dividend', symbol, exDt, String(special)),
    pay_date: payDt,
    record_date: recordDt,
    split_adjusted_cash_amount: toSix(cash * splitFactor(splits, symbol, (other) => other > exDt)),
    ticker: symbol,
  }
}

const legacyDividendRow = ({
  symbol,
  exDt,
  recordDt,
  payDt,
  knownDt,
  cash,
  frequency,
  special,
}: DividendAction): Row => ({
  cash_amount: cash,
  declaration_date: knownDt,
  dividend_type: special ? 'SC' : 'CD',
  ex_dividend_date: exDt,
  frequency,
  pay_date: payDt,
  record_date: recordDt,
  ticker: symbol,
})
