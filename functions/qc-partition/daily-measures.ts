/**
 * The SQL that measures daily bars against the bars around them, all symbols at once. Prices are compared as logarithms: 0.05 is a move of about 5 %,
 * and a step from one price to another is adjusted by the actions that are known. Knows numbers, not what is wrong with them.
 */

/** Sessions whose moves make a symbol's own scale: those before a bar. Nothing later than two sessions after it is looked at. */
export const SESSIONS_BEFORE = 60
export const SESSIONS_AFTER = 2
const SHORT_MEMORY = 10
/** A block at another scale is followed so long: what lasts longer is the symbol's scale. */
const LONGEST_BLOCK = 60
const LONGEST_UNIT_BLOCK = 20
/** Fewer symbols make no market. */
const FEWEST_SYMBOLS = 5
/** Bars that a scale needs; until then a symbol counts as one that moves a lot. */
const FEWEST_BARS = 10
/** For normally distributed moves the median of their sizes times this is their standard deviation. */
const SIGMA = 1.4826

/** The measures that checks look at. Moves are logarithms; `…Gaps` and `…Scales` are multiples of the symbol's own scale. */
export type AroundName =
  | 'undone'
  | 'undoneGaps'
  | 'undoneBothGaps'
  | 'undoneRest'
  | 'together'
  | 'openUndone'
  | 'openUndoneScales'
  | 'openRest'
  | 'wick'
  | 'spike'
  | 'spikeScales'
  | 'shift'
  | 'shiftRest'
  | 'shiftFromSplit'
  | 'otherUnit'
  | 'adjusted'
  | 'adjustedBefore'
  | 'step'
  | 'stepGaps'
  | 'stepFromRatio'
  | 'stepVolume'
  | 'missingStep'
  | 'silence'
  | 'repeated'
  | 'stalePrices'
  | 'volumeDrop'
  | 'volumeBelowLow'

export interface DailyTables {
  /** symbol, dt, open, high, low, close, volume: one row a bar, all prices above 0 and in order. */
  bars: string
  /** dt: every session from the first day that is read to the last. */
  days: string
  /** symbol: those that have bars before the first day that is read. */
  earlier: string
  /** symbol, dt, step (logarithm of old ÷ new shares), cash (dollars a share): one row for each day with an action. */
  actions: string
}

/** What the scales are while they cannot be known, and the least that they are taken for. */
const SCALES = {
  gap: { unknown: 0.03, least: 0.003 },
  own_gap: { unknown: 0.03, least: 0.003 },
  range: { unknown: 0.06, least: 0.006 },
  wick: { unknown: 0.03, least: 0.002 },
}

/** Ratios of shares that companies split by; reverse splits are the same upside down. */
const RATIOS = [1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 100, 150, 200]
/** Dollars and cents, thousands and units. */
const UNITS = [100, 1000]
/** A told split shows as a step when it is at least as large as this: smaller ones drown in an ordinary night. */
const LEAST_TOLD_STEP = 0.18

const nearest = (list: string, value: string): string =>
  `list_min(list_transform(${list}, lambda r: abs(${value} - r)))`

/** One row per bar: symbol, dt, and its measures. A `…_scale` is the symbol's own, of the sessions before the bar. */
export function dailyMeasuresSql({ bars, days, earlier, actions }: DailyTables): string {
  const scale = (of: string, kind: keyof typeof SCALES): string =>
    `CASE WHEN past < ${FEWEST_BARS} THEN greatest(${SCALES[kind].unknown}, coalesce(${SIGMA} * median(${of}) OVER long, 0))
       ELSE greatest(${SCALES[kind].least}, ${SIGMA} * median(${of}) OVER long, ${SIGMA} * median(${of}) OVER short) END AS ${kind}_scale`
  const units = `[${UNITS.flatMap((unit) => [Math.log(unit), -Math.log(unit)]).join(', ')}]`
  const ratios = `[${RATIOS.flatMap((ratio) => [Math.log(ratio), -Math.log(ratio)]).join(', ')}]`
  return `
    WITH sessions AS (SELECT dt, row_number() OVER (ORDER BY dt) AS session FROM ${days}),
    told AS (
      SELECT symbol, dt, sum(step) OVER w AS level, sum(cash) OVER w AS paid FROM ${actions} WINDOW w AS (PARTITION BY symbol ORDER BY dt)
    ),
    -- Steps of splits that come later: what a vendor divides by who serves adjusted prices.
    ratios_of AS (SELECT symbol, list_distinct(list(round(step, 6))) AS steps, max(dt) AS last_split FROM ${actions} WHERE abs(step) > 0.3 GROUP BY symbol),
    placed AS (
      SELECT b.*, s.session, coalesce(t.level, 0) AS level, coalesce(t.paid, 0) AS paid
      FROM ${bars} b JOIN sessions s ON s.dt = b.dt ASOF LEFT JOIN told t ON t.symbol = b.symbol AND t.dt <= b.dt
    ),
    beside AS (
      SELECT *, lag(close) OVER w AS close_before,
        -- A symbol that has none of the bars before, but older ones, was silent for so long at least.
        coalesce(session - lag(session) OVER w, IF(symbol IN (FROM ${earlier}), session, NULL)) - 1 AS silence,
        level - lag(level) OVER w AS told_step, paid - lag(paid) OVER w AS told_cash,
        (open = lag(open) OVER w AND high = lag(high) OVER w AND low = lag(low) OVER w AND close = lag(close) OVER w) AS same_prices,
        volume = lag(volume) OVER w AS same_volume, row_number() OVER w - 1 AS past
      FROM placed WINDOW w AS (PARTITION BY symbol ORDER BY dt)
    ),
    stepped AS (
      SELECT *, ln(open / close_before) - IF(told_cash > 0 AND told_cash < 0.9 * close_before, ln(1 - told_cash / close_before), 0) AS raw_gap,
        coalesce(abs(told_step) >= ${LEAST_TOLD_STEP} AND abs(raw_gap) < abs(raw_gap - told_step), false) AS is_step_missing,
        raw_gap - IF(is_step_missing, 0, told_step) AS gap,
        ln(close / open) AS body, gap + body AS move,
        ln(greatest(high, IF(gap IS NULL, high, open * exp(-gap))) / least(low, IF(gap IS NULL, low, open * exp(-gap)))) AS true_range,
        ln(high / greatest(open, close)) AS wick_up, ln(least(open, close) / low) AS wick_down,
        IF(is_step_missing, 0, told_step) AS real_step
      FROM beside
    ),
    sized AS (
      -- What the day's other symbols did overnight is no step of this one.
      SELECT *, IF(count(gap) OVER day >= ${FEWEST_SYMBOLS}, median(gap) OVER day, 0) AS market_gap, gap - market_gap AS own_gap,
        -- On the share count of the first bar that is read.
        ln(greatest(volume, 1)) + coalesce(sum(real_step) OVER (PARTITION BY symbol ORDER BY dt ROWS UNBOUNDED PRECEDING), 0) AS size FROM stepped WINDOW day AS (PARTITION BY dt)
    ),
    scaled AS (
      SELECT *,
        ${scale('abs(gap)', 'gap')}, ${scale('abs(own_gap)', 'own_gap')}, ${scale('true_range', 'range')}, ${scale('greatest(wick_up, wick_down)', 'wick')},
        IF(past >= ${FEWEST_BARS}, median(size) OVER long, NULL) AS usual_size,
        quantile_cont(size, 0.1) OVER long AS low_size,
        lead(gap) OVER w AS gap_after,
        lag(body) OVER w AS body_before, lag(gap) OVER w AS gap_before, coalesce(lead(same_prices) OVER w, false) AS is_repeated_after,
        (same_prices AND lag(same_prices) OVER w) AS same_twice
      FROM sized
      WINDOW w AS (PARTITION BY symbol ORDER BY dt),
        long AS (PARTITION BY symbol ORDER BY dt ROWS BETWEEN ${SESSIONS_BEFORE} PRECEDING AND 1 PRECEDING),
        short AS (PARTITION BY symbol ORDER BY dt ROWS BETWEEN ${SHORT_MEMORY} PRECEDING AND 1 PRECEDING)
    ),
    measured AS (
      SELECT s.*,
        -- A move and its undoing by the next open; the whole bar may be displaced, or its close alone.
        IF(gap_after > 0, -1, 1) AS side,
        greatest(side * move, side * body) AS there,
        IF(gap_after IS NULL OR is_repeated_after, NULL, least(there, abs(gap_after))) AS undone,
        abs(there - abs(gap_after)) AS undone_rest,
        -- The open, away from the close before and from the rest of its own bar.
        IF(body > 0, -1, 1) * gap AS open_there, IF(gap IS NULL, NULL, least(open_there, abs(body))) AS open_undone, abs(open_there - abs(body)) AS open_rest,
        -- DuckDB's least() passes over nulls: of a bar without one beside it only its own body counts.
        -- Wicks beyond the body and beyond what the closes and opens beside it reach.
        least(wick_up, wick_up + greatest(body, 0) + gap, coalesce(ln(high / close) - gap_after, wick_up)) AS spike_up,
        least(wick_down, wick_down - least(body, 0) - gap, coalesce(ln(close / low) + gap_after, wick_down)) AS spike_down,
        greatest(spike_up, spike_down) AS spike,
        -- The whole bar on one side of both neighbours.
        (gap - gap_after) / 2 AS shift, gap + body + gap_after AS shift_rest,
        least(gap - ln(open / low), -gap_after - ln(close / low)) AS clear_above,
        least(-gap - ln(high / open), gap_after - ln(high / close)) AS clear_below,
        k.steps AS later_steps, k.last_split > s.dt AS is_before_split
      FROM scaled s LEFT JOIN ratios_of k ON k.symbol = s.symbol
    ),
    matched AS (
      SELECT *, -- Lists for every bar would take longer than all the rest.
        CASE WHEN abs(gap) > 0.15 THEN ${nearest(ratios, 'gap')} END AS ratio_rest,
        CASE WHEN abs(shift) > 0.15 THEN ${nearest(ratios, 'shift')} END AS shift_from_ratio,
        -- What the step is, as a step by a unit or by a split that is told of later; null where it is none. How far a symbol goes with the market is not known.
        0.02 + 2 * own_gap_scale + abs(market_gap) AS slack,
        CASE WHEN abs(gap) > 4 THEN list_filter(${units}, lambda r: abs(gap - r) <= 0.1 + slack)[1] END AS unit_step,
        is_before_split AND abs(own_gap) > 0.3 AND abs(own_gap) > IF(abs(own_gap) > 0.6, 12, 25) * own_gap_scale AS is_far,
        CASE WHEN is_far THEN list_filter(later_steps, lambda r: abs(own_gap - r) <= least(slack, 0.15 * abs(r)))[1] END AS entry_step,
        CASE WHEN is_far THEN list_filter(later_steps, lambda r: abs(own_gap + r) <= least(slack, 0.15 * abs(r)))[1] END AS exit_step
      FROM measured
    ),
    events AS (
      SELECT *,
        CASE WHEN entry_step IS NOT NULL THEN 1 WHEN exit_step IS NOT NULL OR is_step_missing THEN -1 END AS event
      FROM matched
    ),
    levelled AS (
      SELECT *, last_value(event IGNORE NULLS) OVER (w ROWS BETWEEN ${LONGEST_BLOCK - 1} PRECEDING AND CURRENT ROW) AS newest_event,
        last_value(event IGNORE NULLS) OVER (w ROWS BETWEEN ${LONGEST_BLOCK} PRECEDING AND 1 PRECEDING) AS event_before,
        last_value(IF(event = 1, ln(close_before), NULL) IGNORE NULLS) OVER (w ROWS BETWEEN ${LONGEST_BLOCK - 1} PRECEDING AND CURRENT ROW) AS level_before,
        last_value(entry_step IGNORE NULLS) OVER (w ROWS BETWEEN ${LONGEST_BLOCK - 1} PRECEDING AND CURRENT ROW) AS newest_entry,
        sum(coalesce(unit_step, 0)) OVER (w ROWS BETWEEN ${2 * LONGEST_UNIT_BLOCK - 1} PRECEDING AND CURRENT ROW) AS unit_level,
        last_value(unit_step IGNORE NULLS) OVER (w ROWS BETWEEN ${LONGEST_UNIT_BLOCK - 1} PRECEDING AND CURRENT ROW) AS newest_unit_step,
        -- Of an older block the sum may hold the end alone: then the price is the usual one all the same.
        ln(close) - median(ln(close)) OVER (w ROWS BETWEEN ${2 * LONGEST_UNIT_BLOCK - 1} PRECEDING AND CURRENT ROW) AS from_usual
      FROM events WINDOW w AS (PARTITION BY symbol ORDER BY dt)
    )
    SELECT *, abs(unit_level) > 1 AND unit_level * newest_unit_step > 0 AND from_usual / newest_unit_step > 0.5 AS is_other_unit,
      coalesce(newest_event = 1 AND (ln(close) - level_before) / newest_entry > 0.5, false) AS is_adjusted, coalesce(event_before = 1, false) AS was_adjusted,
      coalesce(exit_step IS NOT NULL AND event_before IS DISTINCT FROM 1, false) AS is_lone_exit,
      -- Share of the day's other symbols that made such a move too: then it was the market.
      (count(*) FILTER (undone >= 0.5 * range_scale) OVER (PARTITION BY dt, side) - 1) / greatest(${FEWEST_SYMBOLS}, count(*) OVER (PARTITION BY dt)) AS together
    FROM levelled`
}
