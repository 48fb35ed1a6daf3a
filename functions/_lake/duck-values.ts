/** How a DuckDB value becomes a plain one. The only place that knows DuckDB's value classes. */
import type { DuckDBValue } from '@duckdb/node-api'
import { dtOfDay } from '../_market/dt.ts'

type DuckDbApi = typeof import('@duckdb/node-api')

const safe = (value: bigint): number | bigint =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value

/** Milliseconds of a count of smaller units: whole when it is whole, else with the fraction kept. */
const milliseconds = (count: bigint, perMillisecond: bigint): number =>
  Number(count / perMillisecond) + Number(count % perMillisecond) / Number(perMillisecond)

/**
 * Makes the conversion from the loaded library (importing it here would load DuckDB at start).
 * Integers become numbers when safe, DATE `YYYY-MM-DD`, every TIMESTAMP epoch milliseconds, DECIMAL a double, LIST an array,
 * STRUCT an object; text, boolean, double and null stay. Anything else throws: cast it in the query.
 */
export function plainValueWith(api: DuckDbApi): (value: DuckDBValue) => unknown {
  function plain(value: DuckDBValue): unknown {
    if (typeof value === 'bigint') return safe(value)
    if (value === null || typeof value !== 'object') return value
    if (value instanceof api.DuckDBDateValue) return dtOfDay(value.days)
    if (value instanceof api.DuckDBTimestampValue || value instanceof api.DuckDBTimestampTZValue)
      return milliseconds(value.micros, 1000n)
    if (value instanceof api.DuckDBTimestampNanosecondsValue) return milliseconds(value.nanos, 1_000_000n)
    if (value instanceof api.DuckDBTimestampMillisecondsValue) return Number(value.millis)
    if (value instanceof api.DuckDBTimestampSecondsValue) return Number(value.seconds) * 1000
    if (value instanceof api.DuckDBDecimalValue) return value.toDouble()
    if (value instanceof api.DuckDBListValue) return value.items.map(plain)
    if (value instanceof api.DuckDBStructValue)
      return Object.fromEntries(Object.entries(value.entries).map(([name, item]) => [name, plain(item)]))
    throw new Error(`expected a DuckDB type with a plain value, got ${value.constructor.name}: cast it in the query`)
  }
  return plain
}
