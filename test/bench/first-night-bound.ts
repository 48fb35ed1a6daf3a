/** What the best possible dispatcher would need for a first night: full pages, and budgets that are never idle. */
import type { Config } from '../../config/schema.ts'
import { limitsOf } from '../../functions/_catalog/account-limits.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import type { LabVendorName } from '../lab/lab.ts'
import { fredPages } from './dispatch-optimum.ts'
import { LATENCY_MS, WORKERS } from './dispatch-scenes.ts'

const MINUTE = 60_000

/**
 * Calls that can bring so many rows of so many symbols at the least. Null for options, whose lists of contracts have pages that no row tells of, and for vendors that
 * were asked in vain.
 */
export function leastCalls(
  config: Config,
  dataset: DatasetName,
  vendor: string,
  { rows, symbols }: { rows: number; symbols: number },
): number | null {
  const spec = config.datasets[dataset]
  const terms = config.vendors[vendor]?.datasets[dataset]
  if (spec === undefined || terms === undefined || rows === 0) return null
  const pages = Math.ceil(rows / terms.shape.rows_per_page)
  switch (spec.expected_rows) {
    case 'one':
      return pages
    case 'session_minutes':
      return Math.max(pages, Math.ceil(symbols / terms.shape.symbols_per_call))
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

/**
 * Virtual ms until so many calls of a vendor are answered: the first minute's leave at once, and each later minute's when the one before is over; the
 * last of them last as long as all workers together take.
 */
export function leastMs(config: Config, vendor: string, calls: number): number {
  if (calls === 0) return 0
  const { perMinute } = limitsOf({ name: vendor, config: config.vendors[vendor]! }, 'backfill')
  const minutes = Math.ceil(calls / perMinute) - 1
  const connector = (config.vendors[vendor]!.connector ?? vendor) as LabVendorName
  return minutes * MINUTE + ((calls - minutes * perMinute) * LATENCY_MS[connector]) / WORKERS
}
