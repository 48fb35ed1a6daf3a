/** From which instant a trader could have known a row: a rule for each kind of dataset, by the calendars, never by when the node fetched it. */
import type { DatasetConfig } from '../../config/schema.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { instantOf } from '../_calendar/zone.ts'
import type { CellValue } from '../_lake/duck-table.ts'
import type { Dt } from '../_market/dt.ts'

/** How a row's instant is found: from its own time, or from the one that the table has for its day. */
export interface AvailableAt {
  /** Joins the days of the dataset, which stand for `{days}`, as `a` to its rows, `b`; empty where the row's own time is enough. */
  join: string
  /** The instant, as an expression over both. */
  at: string
  /** The as-of day of the first bundle that could have the row, as an expression over `b`; null where the rows say the newest values alone. */
  accepted: string | null
}

export const AVAILABILITY_COLUMNS = { dataset: 'VARCHAR', dt: 'DATE', available_at: 'BIGINT' }

/** Trading goes on for four hours after the close, on half days as well, and the volume of a daily bar counts it. */
const LATE_TRADING_MS = 4 * 60 * 60_000
/** Options on some funds trade for a quarter of an hour after the close. */
const OPTIONS_MS = 15 * 60_000
/** When the Federal Reserve posts the H.15 of the business day before, New York time. */
const H15_AT = '16:15'

type Rule = 'late_trading' | 'options_close' | 'bar_end' | 'announcement' | 'h15'

function ruleOf({ expected_rows: kind, timeframe }: DatasetConfig): Rule {
  switch (kind) {
    case 'one':
      return 'late_trading'
    case 'session_minutes':
      return 'bar_end'
    case 'contracts':
      return timeframe === 'minute' ? 'bar_end' : 'options_close'
    case 'events':
      return 'announcement'
    case 'series':
      return 'h15'
    default:
      return kind satisfies never
  }
}

/** Epoch ms from which the rows of a session are known by a rule; null where the row's own time says it, or the calendar ends. */
function instantOn(rule: Rule, spec: DatasetConfig, dt: Dt): number | null {
  const calendar = calendarOf(spec.calendar)
  const session = calendar.session(dt)
  if (session === undefined) return null
  switch (rule) {
    case 'late_trading':
      return session.close + LATE_TRADING_MS
    case 'options_close':
      return session.close + OPTIONS_MS
    case 'announcement':
      return session.open
    case 'h15': {
      const next = calendar.away(dt, 1)
      return next === null ? null : instantOf(next, H15_AT)
    }
    case 'bar_end':
      return null
    default:
      return rule satisfies never
  }
}

/** Rows for a table of AVAILABILITY_COLUMNS: every session that the calendars vouch for, so that it changes only with the rules. */
export const availabilityRows = (datasets: readonly { name: string; spec: DatasetConfig }[]): CellValue[][] =>
  datasets.flatMap(({ name, spec }) => {
    const rule = ruleOf(spec)
    if (rule === 'bar_end') return []
    const calendar = calendarOf(spec.calendar)
    return calendar.sessions(calendar.first, calendar.last).flatMap((dt) => {
      const at = instantOn(rule, spec, dt)
      return at === null ? [] : [[name, dt, at]]
    })
  })

/** Equal for datasets whose rows of availability are equal. */
export const availabilityKey = (datasets: readonly { name: string; spec: DatasetConfig }[]): string =>
  JSON.stringify(datasets.map(({ name, spec }) => [name, spec.calendar, ruleOf(spec)]))

export const availabilitySql = (table: string): string =>
  `SELECT dataset, dt, make_timestamptz(available_at * 1000) AS available_at FROM ${table} ORDER BY dataset, dt`

/** How the instant of a dataset's rows is found. */
export function availableAt(spec: DatasetConfig): AvailableAt {
  const rule = ruleOf(spec)
  switch (rule) {
    case 'bar_end':
      return { join: '', at: 'b.ts + INTERVAL 1 MINUTE', accepted: 'b.dt' }
    case 'announcement': {
      // An announcement may come late in the evening: the next session is the first that can trade on it.
      const isDeclared = spec.columns.some(({ name }) => name === 'declaration_date')
      const from = isDeclared ? 'coalesce(b.declaration_date + 1, b.dt)' : 'b.dt'
      const accepted = 'greatest(coalesce(b.first_seen, b.dt), b.dt)'
      return { join: `ASOF LEFT JOIN {days} a ON a.dt >= ${from}`, at: 'a.available_at', accepted }
    }
    case 'h15':
      return { join: 'LEFT JOIN {days} a ON a.dt = b.date', at: 'a.available_at', accepted: null }
    case 'late_trading':
    case 'options_close':
      return { join: 'LEFT JOIN {days} a ON a.dt = b.dt', at: 'a.available_at', accepted: 'b.dt' }
    default:
      return rule satisfies never
  }
}

/** The same of a table of vintages: with the first H.15 on or after the day of publication, and never before that of the yield's own day. */
export const VINTAGES_AVAILABLE_AT: AvailableAt = {
  join: 'ASOF LEFT JOIN {days} a ON a.dt <= CASE WHEN b.realtime_start IS NOT NULL THEN greatest(b.date, b.realtime_start - 1) END',
  at: 'a.available_at',
  accepted: 'b.realtime_start',
}

/** A table of a bundle whose rows have an instant, and the dataset whose days it goes by. */
export interface DatedTable extends AvailableAt {
  name: string
  dataset: string
  /** Daily bars of options beside which the bundle has daily bars of stocks: a row has the raw close of its underlier's session. */
  hasUnderlyingClose?: boolean
  /** Files of an older version of the node lack columns: they are read by name. */
  isByName?: boolean
}
