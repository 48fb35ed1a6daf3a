/** The SQL that measures daily bars against those around them: which rows it reads, and which of the measures travel on as facts. */
import type { DatasetConfig } from '../../config/schema.ts'
import { readMerged } from '../_actions/read-merged.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import { sqlText } from '../_lake/sql-text.ts'
import type { Dt } from '../_market/dt.ts'
import { type AroundName, dailyMeasuresSql } from './daily-measures.ts'

export interface DailySources {
  /** Curated files of bars: the partition's own and those beside it. */
  bars: readonly string[]
  /** Curated files of corporate actions, with their dataset's columns. */
  actions: readonly string[]
  actionSpec: DatasetConfig | undefined
  /** First and last day that is read; the sessions of these days are in `days`, a table with the column dt. */
  from: Dt
  to: Dt
  days: string
  /** First day of the partition: bars before it are read for what they say about later ones. */
  first: Dt
  last: Dt
}

/**
 * What stands out enough to be judged, by name: an expression over the measures, or null. The floors lie below every sensible threshold; what they
 * leave out lets all quiet bars share one verdict.
 */
const AROUND: Record<AroundName, string> = {
  undone: 'IF(IS_UNDONE, undone, NULL)',
  undoneGaps: 'IF(IS_UNDONE, undone / gap_scale, NULL)',
  undoneBothGaps: 'IF(IS_UNDONE AND gap IS NOT NULL, least(side * gap, abs(gap_after)) / gap_scale, NULL)',
  undoneRest: 'IF(IS_UNDONE, greatest(0, undone_rest - 0.5 * range_scale) / undone, NULL)',
  together: 'IF(IS_UNDONE, together, NULL)',
  openUndone: 'IF(IS_OPEN, open_undone, NULL)',
  openUndoneScales: 'IF(IS_OPEN, least(open_undone / gap_scale, 3.3 * open_undone / range_scale), NULL)',
  openRest: 'IF(IS_OPEN, greatest(0, open_rest - range_scale) / open_undone, NULL)',
  wick: 'IF(IS_WICK, greatest(wick_up, wick_down), NULL)',
  spike: 'IF(IS_WICK, spike, NULL)',
  spikeScales: 'IF(IS_WICK, least(spike / wick_scale, 4.5 * spike / range_scale), NULL)',
  shift: 'IF(IS_SHIFT, abs(shift), NULL)',
  shiftRest: 'IF(IS_SHIFT, greatest(0, abs(shift_rest) - 2 * range_scale), NULL)',
  // Whether or not a split is told of: the vendor may know of one that we do not.
  shiftFromSplit: 'IF(IS_SHIFT, greatest(0, shift_from_ratio - gap_scale), NULL)',
  otherUnit: 'IF(is_other_unit, 1, NULL)',
  adjusted: 'IF(is_adjusted, 1, NULL)',
  adjustedBefore: 'IF(is_lone_exit, 1, NULL)',
  step: 'IF(IS_STEP, abs(gap), NULL)',
  stepGaps: 'IF(IS_STEP, abs(gap) / gap_scale, NULL)',
  stepFromRatio: 'IF(IS_STEP, greatest(0, ratio_rest - 2 * gap_scale), NULL)',
  stepVolume: 'IF(IS_STEP AND size > usual_size, size - usual_size, NULL)',
  missingStep: 'IF(is_step_missing AND NOT was_adjusted, abs(told_step), NULL)',
  silence: 'IF(silence >= 3, silence, NULL)',
  repeated: 'IF(same_prices AND same_volume AND volume > 0, 1, NULL)',
  // A name that hardly moves may have one price for days.
  stalePrices: 'IF(same_twice AND volume > 0 AND (high > low OR range_scale >= 0.01), 1, NULL)',
  volumeDrop: 'IF(IS_THIN, usual_size - size, NULL)',
  volumeBelowLow: 'IF(IS_THIN, low_size - size, NULL)',
}

const IS: Record<string, string> = {
  IS_UNDONE: 'undone >= 0.02 AND undone >= 2 * gap_scale',
  IS_OPEN: 'open_undone >= 0.02 AND open_undone >= 2 * gap_scale AND open_undone >= 0.6 * range_scale',
  IS_WICK: 'spike >= 0.03 AND spike >= 2 * wick_scale',
  IS_SHIFT: 'abs(shift) >= 0.2 AND greatest(clear_above, clear_below) > 0',
  // What undoes the bar before, or is undone by the next, is that bar's or this bar's displacement and no split.
  IS_STEP: `abs(gap) >= 0.2 AND abs(gap) >= 3 * gap_scale AND coalesce(entry_step, exit_step, unit_step) IS NULL
    AND coalesce(abs(gap_after + gap + body) >= 0.5 * abs(gap), true)
    AND coalesce(abs(gap_before + gap + body_before) >= 0.5 * abs(gap), true) AND coalesce(abs(gap + body_before) >= 0.5 * abs(gap), true)`,
  IS_THIN: 'usual_size - size >= 1.2 AND low_size > size',
}

/** One row per (symbol, dt) of the partition: `around`, a JSON object of what stands out, empty for a quiet bar; `provisional`, whether the next session is not there yet. */
export function dailyFactsSql(sources: DailySources): string {
  const { from, to, first, last, days } = sources
  const measures = dailyMeasuresSql({
    bars: `(${barsSql(sources.bars, from, to)})`,
    days,
    earlier: `(${earlierSql(sources.bars, from)})`,
    actions: `(${actionsSql(sources)})`,
  })
  return `
    WITH around AS (SELECT *, max(dt) OVER () AS newest FROM (${measures})),
    shown AS (
      SELECT symbol, dt, dt = newest AS provisional, ${aroundColumns()}
      FROM around WHERE dt BETWEEN DATE ${sqlText(first)} AND DATE ${sqlText(last)}
    )
    SELECT symbol, dt, provisional, ${aroundJson()} AS around
    FROM shown`
}

/** What stands out as columns, over a row of daily-measures.ts. */
export const aroundColumns = (): string =>
  Object.entries(AROUND)
    .map(([name, sql]) => [name, sql.replaceAll(/IS_[A-Z]+/g, (word) => `(${IS[word] ?? word})`)])
    .map(([name, sql]) => `round((${sql})::DOUBLE, 4) AS "${name}"`)
    .join(', ')

/** These columns as one JSON text, empty for a quiet bar. */
export function aroundJson(): string {
  const names = Object.keys(AROUND)
  return `IF(coalesce(${names.map((name) => `"${name}"`).join(', ')}) IS NULL, '{}',
        json_object(${names.map((name) => `${sqlText(name)}, "${name}"`).join(', ')})::VARCHAR)`
}

/** Broken bars are left out: other checks speak of them, and what is said of their neighbours must not come from them. Of several rows of a day one counts. */
export const barsSql = (files: readonly string[], from: Dt, to: Dt): string => `
  SELECT symbol, dt, arg_min(open, ts) AS open, arg_min(high, ts) AS high, arg_min(low, ts) AS low, arg_min(close, ts) AS close, arg_min(volume, ts) AS volume
  FROM ${readParquet(files)}
  WHERE dt BETWEEN DATE ${sqlText(from)} AND DATE ${sqlText(to)} AND low > 0 AND isfinite(high) AND high >= greatest(open, close, low)
    AND low <= least(open, close) AND isfinite(volume)
  GROUP BY symbol, dt`

/** Symbols that have bars in that day's year, before the day: each of two years that meet there must see the same of the other. */
export const earlierSql = (files: readonly string[], day: Dt): string =>
  `SELECT DISTINCT symbol FROM ${readParquet(files)} WHERE dt >= DATE ${sqlText(`${day.slice(0, 4)}-01-01`)} AND dt < DATE ${sqlText(day)}`

/** Of splits of a day that differ none counts, and of actions that contradict each other none either. */
export function actionsSql({ actions, actionSpec }: Pick<DailySources, 'actions' | 'actionSpec'>): string {
  const has = new Set(actionSpec?.columns.map(({ name }) => name))
  if (actions.length === 0 || !['kind', 'cash', 'old_shares', 'new_shares'].every((name) => has.has(name)))
    return 'SELECT NULL::VARCHAR AS symbol, NULL::DATE AS dt, NULL::DOUBLE AS step, NULL::DOUBLE AS cash WHERE false'
  const isDollars = has.has('currency') ? `coalesce(currency, 'USD') = 'USD'` : 'true'
  return `
    SELECT symbol, dt, coalesce(IF(min(step) = max(step), min(step), 0), 0)::DOUBLE AS step, coalesce(sum(cash), 0)::DOUBLE AS cash FROM (
      SELECT symbol, dt,
        CASE WHEN old_shares > 0 AND new_shares > 0 THEN
          CASE kind WHEN 'split' THEN round(ln(old_shares / new_shares), 9) WHEN 'stock_dividend' THEN round(ln(old_shares / (old_shares + new_shares)), 9) END END AS step,
        CASE WHEN kind IN ('cash_dividend', 'capital_gains_distribution') AND cash > 0 AND ${isDollars} THEN cash END AS cash
      FROM ${readMerged(actions)} WHERE NOT coalesce(contradicts, false)) WHERE step IS NOT NULL OR cash IS NOT NULL
    GROUP BY symbol, dt`
}

/**
 * What a judgement sees beside its partition, and what others see of it: digests of the bars of its first and last sessions, of those before and after
 * it, and of the splits. They only tell whether something changed: another version of DuckDB may count other ones, and then all is judged once more.
 */
export function edgesSql(sources: DailySources & { firstTail: Dt; lastHead: Dt }): string {
  const { from, to, first, last, firstTail, lastHead } = sources
  const between = (start: Dt, end: Dt): string => `dt BETWEEN DATE ${sqlText(start)} AND DATE ${sqlText(end)}`
  const digest = (condition: string): string =>
    `count(*) FILTER (${condition}) || ':' || coalesce(bit_xor(seen) FILTER (${condition}), 0)`
  const symbols = (day: Dt): string =>
    `(SELECT coalesce(bit_xor(hash(symbol)), 0) FROM (${earlierSql(sources.bars, day)}))`
  return `
    SELECT ${digest(`dt < DATE ${sqlText(first)}`)} || ':' || ${symbols(from)} AS before, ${digest(`dt > DATE ${sqlText(last)}`)} AS after,
      ${digest(between(first, lastHead))} AS head, ${digest(between(firstTail, last))} || ':' || ${symbols(firstTail)} AS tail,
      (${splitsDigestSql(sources)}) AS splits
    FROM (SELECT dt, hash(symbol, dt, open, high, low, close, volume) AS seen FROM (${barsSql(sources.bars, from, to)}))`
}

/** The splits that are known, as one text. */
export const splitsDigestSql = (sources: Pick<DailySources, 'actions' | 'actionSpec'>): string =>
  `SELECT count(*) || ':' || coalesce(bit_xor(hash(symbol, dt, step)), 0) FROM (${actionsSql(sources)}) WHERE step <> 0`
