/** The registry entry of a vendor's dataset, for tests of what follows from it. */
import type { VendorDatasetConfig } from '../../config/schema.ts'

/** A day's data on the evening of the day, from 2016 on; `more` replaces fields. */
export const datasetTerms = (more: Partial<VendorDatasetConfig> = {}): VendorDatasetConfig => ({
  feed: 'sip',
  entitled: true,
  history: { from: '2016-01-01' },
  recency: { days: 0, at: '20:16' },
  preference: 1,
  fill_rate: 0.9,
  latency_ms: 400,
  ticker_events: false,
  shape: { rows_per_page: 10_000, symbols_per_call: 500, pages_per_plan: 4 },
  ...more,
})
