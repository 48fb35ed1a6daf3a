/** SQL that views.sql and load.py share: what joins the days of a dataset to its rows, and the adjustment factors that were known. */
import type { DatedTable } from './availability.ts'

export const joinOf = ({ join }: Pick<DatedTable, 'join'>, days: string): string => join.replace('{days}', days)

/** The raw close of the underlier's session, beside daily bars of options `b`. */
export const UNDERLYING_CLOSE =
  'LEFT JOIN (SELECT symbol, dt, close FROM {bars}) u ON u.symbol = b.symbol AND u.dt = b.dt'

const KNOWN = `SELECT x.symbol, x.dt, product(x.split_factor) OVER w AS cumulative_split_factor,
  product(x.split_factor * x.total_return_factor) OVER w AS cumulative_total_return_factor
FROM {factors} x`
const BACK = 'WINDOW w AS (PARTITION BY x.symbol ORDER BY x.dt DESC ROWS UNBOUNDED PRECEDING)'

/**
 * The factors of the ex-dates that were known, multiplied anew: by an instant, those whose session had opened; by a day, those up to it whose actions
 * the node had accepted.
 */
export const FACTORS_KNOWN = {
  knowable: `${KNOWN} JOIN {days} o ON o.dt = x.dt WHERE o.available_at <= {as_of} ${BACK}`,
  accepted: `${KNOWN} WHERE x.dt <= {as_of} AND coalesce(x.first_seen <= {as_of}, true) ${BACK}`,
} as const
