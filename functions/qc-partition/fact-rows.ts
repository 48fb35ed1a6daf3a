/** How the measures of a cell come together in one row, and how that row is read back as facts. */
import type { DatasetConfig, QcConfig } from '../../config/schema.ts'
import type { CellFacts } from './cell-facts.ts'
import type { PairFacts } from './pair-facts.ts'

/**
 * The facts a verdict needs, in the order in which they travel as one JSON array. Cells with the same facts share one verdict, so a
 * year of 700,000 clean daily cells is judged a handful of times.
 */
const FACTS = [
  ['reason', 'IF(coalesce(m.row_count, 0) = 0, c.reason, NULL)'],
  ['rows', 'coalesce(m.row_count, 0)'],
  ['expectedRows', 'EXPECTED'],
  ['sessionMinutes', 'MINUTES'],
  ['regularRows', 'm.regular_rows'],
  ['baselineShare', 'SHARE'],
  ['baselineDays', 'h.baseline_days'],
  ['longestHole', 'm.longest_hole'],
  ['outsideRows', 'm.outside_rows'],
  ['offGridStamps', 'm.off_grid_stamps'],
  ['wrongColumns', 'coalesce(m.wrong_columns, 0)'],
  ['nulls', 'm.nulls'],
  ['mixedSources', 'coalesce(m.mixed_sources, 0)'],
  ['nonPositivePrices', 'm.non_positive_prices'],
  ['ohlcViolations', 'm.ohlc_violations'],
  ['negativeVolumes', 'm.negative_volumes'],
  ['zeroVolumes', 'm.zero_volumes'],
  ['impossibleYields', 'm.impossible_yields'],
  ['curve', 'CURVE'],
  ['impossibleTerms', 'm.impossible_terms'],
  ['misdatedRows', 'm.misdated_rows'],
  ['contradictingActions', 'm.contradicting_actions'],
  ['withdrawnActions', 'c.withdrawn'],
  ['duplicateRows', 'r.duplicate_rows'],
  ['duplicateConflicts', 'r.conflicts'],
  ['otherAdjustments', 'r.other_adjustments'],
  ['otherSymbols', 'r.other_symbols'],
  ['otherVendors', 'r.other_vendors'],
  ['otherDates', 'r.other_dates'],
  ['isDamaged', 'c.damaged'],
  ['isDateDoubtful', 'c.date_doubtful'],
  ['decision', 'c.decision'],
  // A bar that is broken in itself stands in no row: nothing is said of its surroundings, other checks hold it.
  ['around', 'AROUND'],
  ['minutes', 'COMPARED'],
  ['second', 'SECOND'],
] as const satisfies readonly (readonly [keyof CellFacts, string])[]

/** The tables and queries the row is joined from; null where there is nothing to measure. */
export interface FactSources {
  cells: string
  days: string
  duplicates: string
  baseline: string | null
  measures: string | null
  /** Table of (symbol, dt, around, provisional), of daily bars alone. */
  surroundings: string | null
  /** Query of (symbol, dt, minutes), of minute bars alone. */
  minutes: string | null
  /** Table of (symbol, dt, second_vendor, second), of cells that two vendors have delivered. */
  pairs: string | null
}

/** The facts of one cell, from the text DuckDB made of them. */
export function factsOf(text: string): CellFacts {
  const values = JSON.parse(text) as unknown[]
  if (values.length !== FACTS.length)
    throw new Error(`expected ${FACTS.length} facts of a cell, got ${values.length}: ${text}`)
  const facts = Object.fromEntries(FACTS.map(([name], at) => [name, values[at]])) as unknown as CellFacts
  return { ...facts, nulls: facts.nulls ?? {}, around: aroundOf(facts.around), second: pairOf(facts.second) }
}

/** What stands out alone; the text is JSON with a null for the rest. */
function aroundOf(said: unknown): CellFacts['around'] {
  const found = typeof said === 'string' ? (JSON.parse(said) as Record<string, number | null>) : said
  return found == null ? null : Object.fromEntries(Object.entries(found).filter(([, value]) => value !== null))
}

function pairOf(said: unknown): PairFacts | null {
  if (typeof said !== 'string') return null
  const pair = JSON.parse(said) as PairFacts
  return { ...pair, firstAround: aroundOf(pair.firstAround), secondAround: aroundOf(pair.secondAround) }
}

/** One row per cell of `from.cells`, in the columns that measure.ts hands out. */
export function factRowsSql({ spec, qc }: { spec: DatasetConfig; qc: QcConfig }, from: FactSources): string {
  const isMinute = spec.expected_rows === 'session_minutes'
  const share = isMinute ? `IF(h.baseline_days >= ${qc.completeness.baseline_sessions}, h.share, NULL)` : 'NULL::DOUBLE'
  const minutes = isMinute ? 'd.session_minutes' : 'NULL::BIGINT'
  const expected = isMinute ? `coalesce(round(${share} * ${minutes}), c.expected, ${minutes})::INTEGER` : 'c.expected'
  const words: Record<string, string> = {
    EXPECTED: expected,
    MINUTES: minutes,
    SHARE: share,
    AROUND: from.surroundings ? `coalesce(a.around, '{}')` : 'NULL::VARCHAR',
    COMPARED: from.minutes ? 'x.minutes' : 'NULL::JSON',
    CURVE: spec.expected_rows === 'series' && from.measures ? 'm.curve' : 'NULL::JSON',
    SECOND: from.pairs ? 'p.second' : 'NULL::VARCHAR',
  }
  const nothing = `SELECT * FROM (SELECT ''::VARCHAR AS symbol, NULL::DATE AS dt, ${NO_MEASURES}) WHERE false`
  return `
    SELECT c.symbol, c.dt, IF(coalesce(m.row_count, 0) = 0, c.reason, NULL), c.digest, ${expected}, coalesce(m.row_count, 0),
      m.vendor, m.feed, m.adjustment, ${from.surroundings ? 'coalesce(m.row_count > 0 AND a.provisional, false)' : 'false'}, ${from.pairs ? 'p.second_vendor' : 'NULL'},
      json_array(${FACTS.map(([, sql]) => words[sql] ?? sql).join(', ')})::VARCHAR
    FROM ${from.cells} c
    LEFT JOIN ${from.days} d ON d.dt = c.dt
    ${from.surroundings ? `LEFT JOIN ${from.surroundings} a ON a.symbol = c.symbol AND a.dt = c.dt` : ''}
    LEFT JOIN (${from.measures ?? nothing}) m ON m.symbol = c.symbol AND m.dt = c.dt
    LEFT JOIN (${from.baseline ?? 'SELECT NULL::VARCHAR AS symbol, NULL::DATE AS dt, NULL::DOUBLE AS share, NULL::BIGINT AS baseline_days'}) h
      ON h.symbol = c.symbol AND h.dt = c.dt
    ${from.pairs ? `LEFT JOIN ${from.pairs} p ON p.symbol = c.symbol AND p.dt = c.dt` : ''}
    ${from.minutes ? `LEFT JOIN (${from.minutes}) x ON x.symbol = c.symbol AND x.dt = c.dt` : ''}
    LEFT JOIN (
      SELECT symbol, dt, vendor, feed, sum(duplicate_rows)::BIGINT AS duplicate_rows, sum(conflicts)::BIGINT AS conflicts,
        ${OTHERS.map((name) => `sum(${name})::BIGINT AS ${name}`).join(', ')}
      FROM ${from.duplicates} GROUP BY symbol, dt, vendor, feed
    ) r ON r.symbol = c.symbol AND r.dt = c.dt AND r.vendor = m.vendor AND r.feed = m.feed`
}

const OTHERS = ['other_adjustments', 'other_symbols', 'other_vendors', 'other_dates']

const NO_MEASURES = [
  'NULL::BIGINT AS row_count, NULL::JSON AS nulls, NULL::VARCHAR AS vendor, NULL::VARCHAR AS feed, NULL::VARCHAR AS adjustment',
  ...['wrong_columns', 'mixed_sources', 'regular_rows', 'outside_rows', 'off_grid_stamps', 'non_positive_prices'],
  ...['ohlc_violations', 'negative_volumes', 'zero_volumes', 'longest_hole', 'impossible_yields'],
  ...['impossible_terms', 'misdated_rows', 'contradicting_actions'],
]
  .map((name, at) => (at === 0 ? name : `NULL::BIGINT AS ${name}`))
  .join(', ')
