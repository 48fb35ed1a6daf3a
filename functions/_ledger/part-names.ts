/** Which partitions stand together in a part of the ledger, and what a part follows from. */
import { sha256 } from '../_lake/digest.ts'
import { sqlText } from '../_lake/sql-text.ts'
import type { DatasetName } from '../_market/cell.ts'
import { LEDGER_COLUMNS } from './fragment.ts'

export interface JudgedPartition {
  dataset: DatasetName
  /** `2024` or `2024-07-03`. */
  partition: string
  /** Of its fragment. */
  sha256: string
}

/**
 * Partitions by the name of their part, sorted. Days of a dataset's newest year stand together by month and older ones by year, so that a night changes little and the
 * footer stays small; a partition that is a year is a part of its own.
 */
export function partsOf<T extends JudgedPartition>(partitions: readonly T[]): Map<string, T[]> {
  const newest = new Map<DatasetName, string>()
  for (const { dataset, partition } of partitions) {
    const year = partition.slice(0, 4)
    if (year > (newest.get(dataset) ?? '')) newest.set(dataset, year)
  }
  const keyOf = ({ dataset, partition }: T): string => `${dataset} ${partition}`
  const parts = new Map<string, T[]>()
  for (const one of partitions.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))) {
    const { dataset, partition } = one
    const name = `${dataset} ${partition.slice(0, newest.get(dataset) === partition.slice(0, 4) ? 7 : 4)}`
    const own = parts.get(name)
    if (own === undefined) parts.set(name, [one])
    else own.push(one)
  }
  return parts
}

/** A condition over a row of the ledger: it belongs to the part of this name. */
export function isInPartSql(name: string): string {
  const [dataset = '', period] = name.split(' ')
  // That of a ledger without rows.
  if (period === undefined) return 'false'
  const first = `${period}-01-01`.slice(0, 10)
  const span = period.length === 4 ? '1 YEAR' : period.length === 7 ? '1 MONTH' : '1 DAY'
  const day = `DATE ${sqlText(first)}`
  return `(dataset = ${sqlText(dataset)} AND dt >= ${day} AND dt < ${day} + INTERVAL ${span})`
}

const COLUMNS = JSON.stringify(LEDGER_COLUMNS)

/** Digest of all that the rows of a part follow from. */
export const sourceOf = (partitions: readonly JudgedPartition[]): string =>
  sha256([COLUMNS, ...partitions.map(({ partition, sha256: own }) => `${partition} ${own}`)].join('\n'))
