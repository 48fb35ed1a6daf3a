/** What a partition is judged by, and what came of it. */
import type { Dt } from '../_market/dt.ts'
import type { MeasureRequest } from './measure-request.ts'
import type { Verdict } from './verdict.ts'

export interface JudgeRequest extends MeasureRequest {
  /** Epoch milliseconds; stands in every row of the fragment. */
  checkedAt: number
  /** The curated file that was recorded, null for none; absent: whatever is there is judged. */
  curatedSha256?: string | null
  /** sha256 of the fragment that was recorded: it keeps its bytes where no verdict changed. Absent or null: a new one is written. */
  ledgerSha256?: string | null
  /** Which cells of the curated file hold other rows than were delivered; asked once the file is known to be the recorded one. Absent: none. */
  damagedIn?: (file: string) => Promise<readonly { symbol: string; dt: Dt }[]>
}

export interface JudgedCell extends Verdict {
  symbol: string
  dt: Dt
  /** Curated rows, pre- and post-market included. */
  rows: number
  /** Regular rows a complete cell would hold. */
  expectedRows: number | null
  vendor: string | null
  /** Whose version it was compared with; null where nobody else's. */
  secondVendor: string | null
}

export interface Judgement {
  cells: number
  green: number
  amber: number
  red: number
  /** AMBER and RED cells, sorted by symbol and day. */
  flagged: JudgedCell[]
  /** Cells that a second vendor's version decided something of, GREEN ones among them. */
  seconds: JudgedCell[]
  fragment: { path: string; sha256: string }
}
