/** OCC option symbols without padding (Options Symbology Initiative, 2010): root, yymmdd, C or P, strike times 1000 in eight digits. */
import { addDays, type Dt, isDt } from '../_market/dt.ts'
import type { Right } from '../_market/row.ts'

export interface OccParts {
  root: string
  expiration: Dt
  right: Right
  /** Dollars a share. */
  strike: number
}

/** A digit behind the letters marks another deliverable than 100 shares, one before them terms of its own (FLEX). */
const OCC = /^(\d?[A-Z]{1,5}\d?)(\d\d)(\d\d)(\d\d)([CP])(\d{8})$/
/** The field of the root has six places. */
const MOST_LETTERS = 6

/** The parts of `AAPL240119C00300000`; null for what is no OCC symbol. Years are those of this century: listed options are younger. */
export function occParts(contract: string): OccParts | null {
  const match = OCC.exec(contract)
  if (match === null) return null
  const [, root = '', year, month, day, right, strike] = match
  const expiration = `20${year}-${month}-${day}`
  if (!isDt(expiration) || root.length > MOST_LETTERS) return null
  return { root, expiration, right: right === 'C' ? 'call' : 'put', strike: Number(strike) / 1000 }
}

/** Whether a contract's bars of a day belong to the day's cell: not expired yet, and expiring soon enough. */
export const isCollected = (expiration: Dt, dt: Dt, expireWithinDays: number): boolean =>
  expiration >= dt && expiration <= addDays(dt, expireWithinDays)

/** Whether a listing names the underlier that was asked for: `BRK.B`, `BRK/B`, `BRK B` and the root BRKB, which has no dot, are one. */
export const isSameUnderlier = (said: string, ticker: string): boolean => lettersOf(said) === lettersOf(ticker)

const lettersOf = (ticker: string): string => ticker.replaceAll(/[./ -]/g, '')
