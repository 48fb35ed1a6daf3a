/** What the vendors of the worker harness are told to be, and their registry entries. */
import type { VendorConfig, VendorDatasetConfig } from '../../config/schema.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import { datasetTerms } from '../_catalog/dataset-terms.ts'

export interface VendorTerms {
  perMinute: number
  perDay: number | null
  todayShare: number
  /** The first day of each dataset it lists. */
  datasets: Partial<Record<DatasetName, string>>
  /** Another vendor whose keys and calls it uses. */
  account?: string
  cellsPerPlan: number
  pagesPerPlan: number
}

export function configOf({ perMinute, perDay, todayShare, datasets, account }: VendorTerms): VendorConfig {
  const termsFrom = (from: string): VendorDatasetConfig =>
    datasetTerms({
      feed: 'any',
      history: { from },
      recency: { days: 0, at: '00:00' },
      latency_ms: 500,
      shape: { rows_per_page: 100, symbols_per_call: 10, pages_per_plan: 2 },
    })
  return {
    base_url: 'http://vendor.test',
    calls_per_minute: perMinute,
    calls_per_day: perDay,
    today_share: todayShare,
    ...(account === undefined ? {} : { account }),
    datasets: Object.fromEntries(Object.entries(datasets).map(([name, from]) => [name, termsFrom(from)])),
  }
}
