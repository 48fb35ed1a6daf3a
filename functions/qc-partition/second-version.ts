/** Which cells have a version of a second, independent vendor. Pure. */
import { type CellKey, cellKey } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { isAllSettled } from './second-outcome.ts'

/** The version that a cell's winner is compared with. */
export interface SecondVersion {
  symbol: string
  dt: Dt
  vendor: string
  /** Did QC refuse it, and only for what it is right in where both versions agree? */
  isRefused: boolean
  mayReturn: boolean
}

interface Version {
  symbol: string
  dt: Dt
  vendor: string
}

/**
 * Of each cell the version of the most preferred vendor whose data is not the winner's: two feeds of one house are one witness. `accepted` are all
 * versions, `order` the vendors, the preferred one first, `refused` the flags of refused versions by their key.
 */
export function secondVersions(
  accepted: readonly Version[],
  winners: ReadonlyMap<CellKey, Version>,
  {
    order,
    refused,
    houseOf,
  }: { order: readonly string[]; refused: ReadonlyMap<string, string>; houseOf: (vendor: string) => string },
): SecondVersion[] {
  const rankOf = (vendor: string): number => (order.includes(vendor) ? order.indexOf(vendor) : order.length)
  const seconds = new Map<CellKey, SecondVersion>()
  for (const { symbol, dt, vendor } of accepted) {
    const key = cellKey(symbol, dt)
    const winner = winners.get(key)
    if (winner === undefined || vendor === winner.vendor || houseOf(vendor) === houseOf(winner.vendor)) continue
    const known = seconds.get(key)
    if (known !== undefined && rankOf(vendor) >= rankOf(known.vendor)) continue
    const flags = refused.get(versionKey(vendor, symbol, dt))
    const isRefused = flags !== undefined
    seconds.set(key, { symbol, dt, vendor, isRefused, mayReturn: isRefused && isAllSettled(flags) })
  }
  return [...seconds.values()]
}

export const versionKey = (vendor: string, symbol: string, dt: Dt): string => `${vendor} ${cellKey(symbol, dt)}`
