/** A cell that the dispatch accepted, as the raw writer takes it. */
import type { Difference } from '../_market/difference.ts'
import type { Dt } from '../_market/dt.ts'
import type { Row } from '../_market/row.ts'

export interface AcceptedCell {
  symbol: string
  dt: Dt
  /** Every row served, duplicates too, in the order served; at least one, unless events are asked for. */
  rows: Row[]
  /** Digest that the database holds for this cell from this vendor; null if none. */
  known: string | null
  /** From that version to this one, for the manifest; null or absent where it was not measured. */
  difference?: Difference | null
}
