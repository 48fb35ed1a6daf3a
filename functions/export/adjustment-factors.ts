/**
 * Adjustment factors: what makes raw daily bars comparable across splits and dividends. A table of its own, because a new dividend must not rewrite
 * twenty years of bars. Computed from the bundle's own files, so nothing in it was unknown on the bundle's day.
 */
import type { DatasetConfig } from '../../config/schema.ts'
import { actionColumns } from '../_actions/action-columns.ts'
import { readMerged } from '../_actions/read-merged.ts'
import { CASH, RATIO_SLACK } from '../_actions/same-action.ts'
import { readParquet } from '../_lake/parquet-sql.ts'

/** The files a table of factors is made of, all absolute. */
export interface FactorSources {
  actions: readonly string[]
  spec: DatasetConfig
  /** Daily bars; without any, dividends have no price to relate to and stay flagged. */
  bars: readonly string[]
  calendar: string
  /** Which instrument had a ticker on a day; absent: a ticker is a symbol. */
  universe?: string
}

/** A new company that does not trade on the ex-date is priced within so many days, or not at all. */
const MOST_DAYS_TO_PRICE = 7

/** Kinds that may move the price by what the filing alone does not say. Redemptions and removals end a series, and a name moves no price. */
const WITHOUT_VALUE = `('spin_off', 'rights_distribution', 'unit_split', 'cash_merger', 'stock_merger', 'stock_and_cash_merger', 'reorganization', 'other')`

/**
 * Rows, sorted by symbol and dt, one for each symbol and ex-date (the session on which the shares first trade on the new terms):
 *
 * - `split_factor`: old ÷ new shares, 0.5 for 2:1; a stock dividend of n new for o old shares counts o ÷ (o + n). One action that is filed as both
 *   counts once. 1 where there is none.
 * - `cash`: D, all cash of the day in US dollars a share, on the share count before the ex-date; null where there is none.
 * - `previous_close`, `previous_dt`: P0, the raw close of the newest daily bar before the day, and its day.
 * - `distribution`: S, the worth of the shares of other companies that a spin-off gives for a share: new ÷ old shares × the close of the new company's first
 *   daily bar from the ex-date on; null where there is none, or no such bar.
 * - `total_return_factor`: 1 − (D + S) ÷ P0, the factor by which CRSP and the exchanges' data services lower earlier prices for a distribution; 1 where there is none.
 * - `cumulative_split_factor`: product of the split factors of this and all later ex-dates. A raw price of an earlier day times the cumulative factor of
 *   the first ex-date after that day is the adjusted price; a raw volume divided by it is the adjusted volume.
 * - `cumulative_total_return_factor`: the same product of split factor × total return factor.
 * - `flags`: comma-separated; what was not applied, or applied with doubt.
 * - `first_seen`: as-of day of the first bundle that could have all actions of the day; null where nobody knows.
 *
 * The rows of the actions are merged (_actions/merged-actions.ts), so each counts once. Of those that contradict each other none is applied: which is
 * right nobody knows, a wrong factor would change every earlier price unseen, and a missing one leaves its step at the day that the flag names.
 */
export function adjustmentFactorsSql({ actions, spec, bars, calendar, universe }: FactorSources): string {
  const column = actionColumns(spec.columns)
  const ratio = `CASE WHEN ${column('old_shares')} > 0 AND ${column('new_shares')} > 0 THEN ${column('new_shares')} / ${column('old_shares')} END`
  const tickers =
    universe === undefined
      ? `SELECT NULL::VARCHAR AS symbol, NULL::VARCHAR AS ticker, NULL::DATE AS first_day, NULL::DATE AS last_day WHERE false`
      : `SELECT symbol, ticker, first_day, last_day FROM ${readParquet(universe)}`
  const closes =
    bars.length === 0
      ? `SELECT NULL::VARCHAR AS symbol, NULL::DATE AS dt, NULL::DOUBLE AS close WHERE false`
      : `SELECT symbol, dt, close FROM ${readParquet(bars)} WHERE close > 0 AND (symbol IN (SELECT symbol FROM days) OR symbol IN (SELECT child FROM spun))`
  return `WITH filed AS (
      SELECT symbol, dt, kind, ${column('cash')} AS cash, coalesce(${column('currency')}, 'USD') AS currency, coalesce(contradicts, false) AS contradicts,
        ${factorSql(column('old_shares'), column('new_shares'))} AS factor, first_seen,
        ${column('other_symbol')} AS other_symbol, ${ratio} AS ratio
      FROM ${readMerged(actions)}
      WHERE kind IN ('split', 'stock_dividend') OR kind IN ${CASH} OR kind IN ${WITHOUT_VALUE}
    ), tickers AS (
      ${tickers}
    ), spun AS (
      SELECT f.symbol, f.dt, f.ratio, coalesce(t.symbol, f.other_symbol) AS child FROM filed f LEFT JOIN tickers t
        ON t.ticker = f.other_symbol AND coalesce(t.first_day <= f.dt + ${MOST_DAYS_TO_PRICE}, true) AND coalesce(t.last_day >= f.dt, true)
      WHERE f.kind = 'spin_off' AND NOT f.contradicts
    ), days AS (
      SELECT symbol, dt, count(*) FILTER (kind = 'spin_off') AS spin_offs,
        min(factor) FILTER (kind = 'split' AND NOT contradicts) AS split,
        min(factor) FILTER (kind = 'stock_dividend' AND NOT contradicts) AS stock_dividend,
        sum(cash ORDER BY cash) FILTER (kind IN ${CASH} AND currency = 'USD' AND cash > 0 AND NOT contradicts) AS cash,
        bool_or(kind IN ('split', 'stock_dividend') AND contradicts) AS contradicting_splits,
        bool_or(kind IN ${CASH} AND contradicts) AS contradicting_dividends,
        bool_or(kind IN ('split', 'stock_dividend') AND factor IS NULL) AS without_ratio,
        bool_or(kind IN ${CASH} AND currency <> 'USD') AS other_currency,
        bool_or(kind IN ${CASH} AND (cash IS NULL OR cash < 0)) AS without_cash,
        list(DISTINCT upper(kind) || '_NOT_APPLIED' ORDER BY upper(kind) || '_NOT_APPLIED') FILTER (kind IN ${WITHOUT_VALUE} AND kind <> 'spin_off') AS not_applied,
        max(first_seen) AS first_seen
      FROM filed GROUP BY symbol, dt
    ), sessions AS (
      SELECT dt AS session FROM ${readParquet(calendar)} WHERE calendar = 'xnys'
    ), closes AS (
      ${closes}
    ), worth AS (
      SELECT s.symbol, s.dt, sum(s.ratio * c.close ORDER BY s.child) AS distribution, count(s.ratio * c.close) AS valued, bool_or(c.dt > s.dt) AS is_later
      FROM spun s ASOF JOIN closes c ON c.symbol = s.child AND c.dt >= s.dt WHERE c.dt <= s.dt + ${MOST_DAYS_TO_PRICE} GROUP BY s.symbol, s.dt
    ), priced AS (
      SELECT d.*, c.close AS previous_close, c.dt AS previous_dt, w.distribution, d.spin_offs > coalesce(w.valued, 0) AS without_worth,
        w.is_later, coalesce(d.cash, w.distribution) IS NOT NULL AS pays, coalesce(d.cash, 0) + coalesce(w.distribution, 0) AS paid
      FROM days d ASOF LEFT JOIN closes c ON c.symbol = d.symbol AND c.dt < d.dt LEFT JOIN worth w ON w.symbol = d.symbol AND w.dt = d.dt
    ), factors AS (
      SELECT p.symbol, p.dt, p.cash, p.distribution, p.previous_close, p.previous_dt, p.first_seen,
        (coalesce(split, 1) * IF(abs(stock_dividend / split - 1) <= ${RATIO_SLACK}, 1, coalesce(stock_dividend, 1)))::DOUBLE AS split_factor,
        IF(p.pays AND p.paid < p.previous_close, 1 - p.paid / p.previous_close, 1)::DOUBLE AS total_return_factor,
        array_to_string(list_sort(list_concat(coalesce(p.not_applied, []), list_filter([
          IF(p.contradicting_splits, 'CONTRADICTING_SPLITS', NULL),
          IF(p.contradicting_dividends, 'CONTRADICTING_DIVIDENDS', NULL),
          IF(p.without_ratio, 'SPLIT_WITHOUT_RATIO', NULL),
          IF(p.without_cash, 'DIVIDEND_WITHOUT_CASH', NULL),
          IF(p.other_currency, 'OTHER_CURRENCY_NOT_APPLIED', NULL),
          IF(p.without_worth, 'SPIN_OFF_NOT_APPLIED', NULL),
          IF(p.is_later, 'SPIN_OFF_PRICED_LATER', NULL),
          IF(p.pays AND p.previous_close IS NULL, 'NO_PREVIOUS_CLOSE', NULL),
          IF(p.pays AND p.paid >= p.previous_close, 'CASH_EXCEEDS_PRICE', NULL),
          IF(p.pays AND p.previous_dt <> s.session, 'PREVIOUS_CLOSE_IS_OLDER', NULL)
        ], lambda flag: flag IS NOT NULL))), ',') AS flags
      FROM priced p ASOF LEFT JOIN sessions s ON s.session < p.dt
    )
    SELECT symbol, dt, split_factor, total_return_factor,
      ${cumulativeSql('split_factor')} AS cumulative_split_factor,
      ${cumulativeSql('split_factor * total_return_factor')} AS cumulative_total_return_factor,
      cash, distribution, previous_close, previous_dt, flags, first_seen
    FROM factors ORDER BY symbol, dt`
}

/** Null where the ratio is not one. */
const factorSql = (oldShares: string, newShares: string): string =>
  `CASE WHEN ${oldShares} > 0 AND ${newShares} > 0 THEN
     CASE kind WHEN 'split' THEN ${oldShares} / ${newShares} WHEN 'stock_dividend' THEN ${oldShares} / (${oldShares} + ${newShares}) END END`

/** The product from the newest row of the symbol back to this one. Multiplied in that order: DuckDB's own product over a window may round otherwise from run to run. */
const cumulativeSql = (factor: string): string =>
  `list_reduce(list(${factor}) OVER (PARTITION BY symbol ORDER BY dt DESC ROWS UNBOUNDED PRECEDING), lambda a, b: a * b)`
