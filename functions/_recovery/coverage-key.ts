/** A cell with its place in the coverage masks and its partition, as the database asks for it. */
import type { DatasetConfig } from '../../config/schema.ts'
import { type Dt, dayBit, type Month, monthOf } from '../_market/dt.ts'
import { partitionOf } from '../_market/partition.ts'

export interface CoverageKey {
  symbol: string
  dt: Dt
  month: Month
  bit: number
  partition: string
}

export const coverageKey = (spec: DatasetConfig, symbol: string, dt: Dt): CoverageKey => ({
  symbol,
  dt,
  month: monthOf(dt),
  bit: dayBit(dt),
  partition: partitionOf(spec.partition, dt),
})
