/** The SQL that compares the minutes of each cell with the minutes around them, with the session before and with their daily bar. Knows numbers only. */
import { readParquet } from '../_lake/parquet-sql.ts'
import { sqlText } from '../_lake/sql-text.ts'
import { MOST_SESSION_MINUTES } from './bar-facts.ts'

/** What is measured of the minutes of one cell. Ratios less one: 0.05 is 5 %. Null where there is nothing to compare with. */
export interface MinuteFacts {
  /** Bars inside the session whose four prices are above zero; no other bar is compared. */
  bars: number
  /** Farthest that a bar's open or close lies beyond what came before and what came after, both on one side. */
  spike: number | null
  /** Farthest that a high or low lies beyond its own open and close and beyond the highs or lows of the bars beside it. */
  wick: number | null
  /** Median range of a bar, high to low. */
  range: number | null
  /** Longest run of bars with the prices of the bar before, and with its volume too. */
  repeats: number
  copies: number
  /** Sum of the steps from close to next open, over the sum as it would be with open and close the other way round. */
  stepsOverSwapped: number | null
  /** Minutes of the session without a bar after the last one, and the share of those before it that have one. */
  tail: number
  shareBeforeTail: number
  /** Bars in the hours before the open and after the close, and in the session's first and last hour. */
  hourBefore: number
  firstHour: number
  lastHour: number
  hourAfter: number
  /** 1 where the prices of the first three hours are those of the session before. */
  repeatsSession: number | null
  /** First open over the last close of the session before. */
  step: number | null
  /** How far high and low both lie beyond those of the daily bar, on one side; negative below. 0 where they do not. */
  dailyShift: number | null
  /** Volume over that of the daily bar: of all bars, and of those inside the session. */
  dailyVolume: number | null
  dailyRegularVolume: number | null
}

export interface MinuteSources {
  /** The relation of the cells' bars: symbol, dt, ts, the four prices and volume. */
  bars: string
  /** Curated file of the session before; null where none is at hand. */
  before: string | null
  /** Curated file of the year's daily bars. */
  daily: string | null
}

const MINUTE = 60_000_000
const HOUR = 60 * MINUTE
/** Columns without which no minute can be compared. */
export const COMPARED_COLUMNS = ['ts', 'open', 'high', 'low', 'close', 'volume'] as const

const SOUND = 'least(open, high, low, close) > 0 AND isfinite(open + high + low + close)'
/** Equal for equal prices at equal minutes, whatever their order in the file. */
const PRINT = `bit_xor(hash(us - open_us, open, high, low, close))`

export const soundMinutesSql = (bars: string, days: string): string => `
      SELECT b.symbol, b.dt, epoch_us(b.ts) AS us, open, high, low, close, volume, open_us, close_us, session_minutes,
        epoch_us(b.ts) >= open_us AND epoch_us(b.ts) < close_us AS regular
      FROM ${bars} b JOIN ${days} d ON d.dt = b.dt
      WHERE ${SOUND}`

/** One row per (symbol, dt) of the bars with `minutes`, a JSON object of MinuteFacts. `days` is a table of sessions (see session-days.ts). */
export function minuteFactsSql({ bars, before, daily }: MinuteSources, days: string): string {
  const own = Object.entries(MEASURES).map(([name, sql]) => `${sql} AS "${name}"`)
  const all = [
    ...Object.keys(MEASURES).map((name) => `${sqlText(name)}, m."${name}"`),
    ...Object.entries(AGAINST).map(([name, sql]) => `${sqlText(name)}, ${sql}`),
  ]
  return `
    SELECT m.symbol, m.dt, json_object(${all.join(', ')}) AS minutes
    FROM (
      SELECT symbol, dt, ${own.join(', ')}, ${EDGES}
      FROM (${placedSql(bars, days)})
      GROUP BY symbol, dt
    ) m
    LEFT JOIN (${before === null ? NO_SESSION : sessionSql(readParquet(before), days)}) s ON s.symbol = m.symbol
    LEFT JOIN (${daily === null ? NO_DAILY : `SELECT symbol, dt, high, low, volume FROM ${readParquet(daily)} WHERE dt IN (SELECT dt FROM ${days})`}) y
      ON y.symbol = m.symbol AND y.dt = m.dt`
}

/** Each bar beside the ones before and after it of its own part of the day. */
const placedSql = (bars: string, days: string): string => `
      SELECT *, lag(open) OVER beside AS open_before, lag(high) OVER beside AS high_before, lag(low) OVER beside AS low_before,
        lag(close) OVER beside AS close_before, lag(volume) OVER beside AS volume_before,
        lead(open) OVER beside AS open_after, lead(high) OVER beside AS high_after, lead(low) OVER beside AS low_after
      FROM (${soundMinutesSql(bars, days)})
      WINDOW beside AS (PARTITION BY symbol, dt, regular ORDER BY us)`

/** As long as a half day: a repeated day is the same in them, whichever of the two days is the shorter. */
const PRINTED = `regular AND us < open_us + 3 * ${HOUR}`

const sessionSql = (bars: string, days: string): string => `
      SELECT symbol, ${PRINT} FILTER (WHERE ${PRINTED}) AS print, arg_max(close, us) FILTER (WHERE regular) AS last_close
      FROM (${soundMinutesSql(bars, days)}) GROUP BY symbol`

const NO_SESSION = 'SELECT NULL::VARCHAR AS symbol, NULL::UBIGINT AS print, NULL::DOUBLE AS last_close'
const NO_DAILY =
  'SELECT NULL::VARCHAR AS symbol, NULL::DATE AS dt, NULL::DOUBLE AS high, NULL::DOUBLE AS low, NULL::DOUBLE AS volume'

const regular = (aggregate: string, condition = 'true'): string =>
  `${aggregate} FILTER (WHERE regular AND ${condition})`
const SAME = 'open = open_before AND high = high_before AND low = low_before AND close = close_before AND volume > 0'
/** One bit a minute, as for holes (see bar-facts.ts): a window of runs would need the whole partition in memory. */
const longestRun = (condition: string): string => {
  const bits = regular(
    `bitstring_agg(((us - open_us) // ${MINUTE})::INTEGER, 0, ${MOST_SESSION_MINUTES - 1})`,
    condition,
  )
  return `coalesce(list_max([length(run) FOR run IN string_split(CAST(${bits} AS VARCHAR), '0')]), 0)`
}
const LAST = `(${regular('max(us)')} - any_value(open_us)) // ${MINUTE} + 1`
const round = (sql: string): string => `round(${sql}, 4)`

const STEPS = regular('sum(abs(open - close_before))')
const SWAPPED_STEPS = regular('sum(abs(close - open_before))')

const MEASURES: Partial<Record<keyof MinuteFacts, string>> = {
  bars: regular('count(*)'),
  spike: round(
    regular(
      `max(greatest(close / greatest(close_before, open_after), least(close_before, open_after) / close,
        open / greatest(close_before, close), least(close_before, close) / open) - 1)`,
      'close_before > 0 AND open_after > 0',
    ),
  ),
  wick: round(
    regular(
      `max(greatest(high / greatest(open, close, high_before, high_after),
        least(open, close, low_before, low_after) / low) - 1)`,
      'high_before > 0 AND high_after > 0',
    ),
  ),
  range: round(regular('median(high / low - 1)')),
  repeats: longestRun(SAME),
  copies: longestRun(`${SAME} AND volume = volume_before`),
  // Of minutes that join without any step the other way round, the quotient has no end: a thousand says it.
  stepsOverSwapped: round(`${STEPS} / nullif(greatest(${SWAPPED_STEPS}, ${STEPS} / 1000), 0)`),
  tail: `coalesce(any_value(session_minutes) - (${LAST}), any_value(session_minutes))`,
  shareBeforeTail: round(`coalesce(${regular('count(*)')} / nullif(${LAST}, 0), 0)`),
  hourBefore: `count(*) FILTER (WHERE us < open_us AND us >= open_us - ${HOUR})`,
  firstHour: `count(*) FILTER (WHERE us >= open_us AND us < open_us + ${HOUR})`,
  lastHour: `count(*) FILTER (WHERE us < close_us AND us >= close_us - ${HOUR})`,
  hourAfter: `count(*) FILTER (WHERE us >= close_us AND us < close_us + ${HOUR})`,
}

/** What the comparisons with other files need of the cell. */
const EDGES = `${PRINT} FILTER (WHERE ${PRINTED}) AS print, ${regular('arg_min(open, us)')} AS first_open,
        ${regular('max(high)')} AS top, ${regular('min(low)')} AS bottom,
        sum(volume) AS volume, ${regular('sum(volume)')} AS regular_volume`

const AGAINST: Partial<Record<keyof MinuteFacts, string>> = {
  repeatsSession: '(m.print = s.print)::INTEGER',
  step: round('m.first_open / nullif(s.last_close, 0) - 1'),
  dailyShift: round(`CASE WHEN y.high > 0 AND y.low > 0 THEN
      CASE WHEN m.top > y.high AND m.bottom > y.low THEN least(m.top / y.high, m.bottom / y.low) - 1
        WHEN m.top < y.high AND m.bottom < y.low THEN greatest(m.top / y.high, m.bottom / y.low) - 1 ELSE 0 END END`),
  dailyVolume: round('m.volume / nullif(y.volume, 0)'),
  dailyRegularVolume: round('m.regular_volume / nullif(y.volume, 0)'),
}
