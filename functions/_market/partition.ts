/** The unit of curated files: a date (`2024-07-03`) or a year (`2024`). */
import type { Dt } from './dt.ts'

export type PartitionKind = 'date' | 'year'

export const partitionOf = (kind: PartitionKind, dt: Dt): string => (kind === 'year' ? dt.slice(0, 4) : dt)

/** First and last calendar day of a partition, both inclusive. */
export const partitionDays = (partition: string): { fromDt: Dt; toDt: Dt } =>
  partition.length === 4
    ? { fromDt: `${partition}-01-01`, toDt: `${partition}-12-31` }
    : { fromDt: partition, toDt: partition }
