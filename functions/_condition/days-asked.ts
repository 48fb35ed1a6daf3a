/** Which days of a dataset are asked about, and as of when. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'

export interface DaysAsked {
  dataset: DatasetName
  spec: DatasetConfig
  /** Up to which something is expected. */
  asof: Dt
  /** Both inclusive. */
  from: Dt
  to: Dt
  /** Epoch ms: windows that open later are still planned. */
  at: number
}
