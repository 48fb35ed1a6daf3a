/** One raw file to be read, and what to select from it. */
import type { Zone } from '../_calendar/zone.ts'
import type { Dt } from '../_market/dt.ts'

/** What the path of a file says about its rows. */
export interface RowPlace {
  file: string
  dt: Dt
  /** Null where the symbols of a day share the file. */
  symbol: string | null
  /** Of stamps that carry none; null where nobody can tell: such stamps are null. Left out, UTC. */
  zone?: Zone | null
}
