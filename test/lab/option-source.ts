/** Options: the contract of every source of listed contracts and their bars, and how their symbols are written. */
import type { Dt } from '../../functions/_market/dt.ts'
import { type BarSource, NO_BARS } from './source.ts'

export interface LabContract {
  /** OCC symbol without padding, `AAPL240119C00300000`. */
  symbol: string
  underlier: string
  root: string
  expiry: Dt
  right: 'call' | 'put'
  strike: number
  /** The first day it is listed. */
  listedDt: Dt
  /** Shares of the underlier a contract delivers: 100 unless a split came between. */
  shares: number
}

export interface OptionSource {
  underliers(): string[]
  /** Of one underlier, in the order of their symbols; none of an unknown one. */
  contracts(underlier: string): LabContract[]
  /** Bars by OCC symbol; its list of symbols may be empty although it has bars. */
  bars: BarSource
}

export const NO_OPTIONS: OptionSource = { underliers: () => [], contracts: () => [], bars: NO_BARS }

export interface OccParts {
  root: string
  expiry: Dt
  right: 'call' | 'put'
  strike: number
}

export function occOf({ root, expiry, right, strike }: OccParts): string {
  const day = expiry.slice(2).replaceAll('-', '')
  return `${root}${day}${right === 'call' ? 'C' : 'P'}${String(Math.round(strike * 1_000)).padStart(8, '0')}`
}

/** Undefined for what is no OCC symbol. Years are those of this century. */
export function partsOfOcc(symbol: string): OccParts | undefined {
  const match = /^([A-Z]{1,5}\d?)(\d\d)(\d\d)(\d\d)([CP])(\d{8})$/.exec(symbol)
  if (!match) return undefined
  const [, root = '', year, month, day, right, strike] = match
  return {
    root,
    expiry: `20${year}-${month}-${day}`,
    right: right === 'C' ? 'call' : 'put',
    strike: Number(strike) / 1_000,
  }
}
