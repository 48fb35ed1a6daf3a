/** What the best possible dispatcher would need for a first night: full pages, and budgets that are never idle. */
import type { Config } from '../../config/schema.ts'
import { limitsOf } from '../../functions/_catalog/account-limits.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import { fredPages } from './dispatch-optimum.ts'

const MINUTE = 60_000

/**
 * Calls that can bring so many rows at the least. Null for options, whose lists of contracts have pages that no row tells of, and for vendors that
 * were asked in vain.
 */
export function leastCalls(config: Config, dataset: DatasetName, vendor: string, rows: number): number | null {
  const spec = config.datasets[dataset]
  const terms = config.vendors[vendor]?.datasets[dataset]
  if (spec === undefined || terms === undefined || rows === 0) return null
  const pages = Math.ceil(rows / terms.shape.rows_per_page)
  switch (spec.expected_rows) {
    case 'one':
    case 'session_minutes':
      return pages
    case 'events':
      // Massive lists splits and dividends apart.
      return vendor === 'massive' ? pages + 1 : pages
    case 'series':
      return vendor === 'fred' ? fredPages(spec) : pages
    case 'contracts':
      return null
    default:
      throw new Error(`expected a known kind of rows, got ${spec.expected_rows satisfies never}`)
  }
}

/** Virtual ms until so many calls of a vendor have left: the first minute's at once, and each later minute's when the one before is over. */
export function leastMs(config: Config, vendor: string, calls: number): number {
  const { perMinute } = limitsOf({ name: vendor, config: config.vendors[vendor]! }, 'backfill')
  return calls === 0 ? 0 : (Math.ceil(calls / perMinute) - 1) * MINUTE
}
