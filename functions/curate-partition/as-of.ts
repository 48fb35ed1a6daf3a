/** A partition as it stood on an older day: corporate actions and yields, whose raw files keep what was said before. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { PartitionKey } from '../../db/partitions/partitions.ts'
import type { Node } from '../_http/node.ts'
import { sqlText } from '../_lake/sql-text.ts'
import type { Dt } from '../_market/dt.ts'
import { curatePartition } from './curate.ts'
import { partitionRequest } from './partition-request.ts'
import { curatedSql } from './shapes.ts'

/** Writes the rows of a partition that its bundle of `asof` could have to `path`; false where there are none. Rejects where a raw file is damaged or cannot be read. */
export async function writeAsOf(node: Node, key: PartitionKey, asof: Dt, path: string): Promise<boolean> {
  const request = await partitionRequest(node, key)
  const sql = (spec: DatasetConfig, winners: string): string => curatedSql(spec, saidBy(spec, winners, asof))
  const { curated } = await curatePartition(node.lake, { ...request, as: { path, sql } })
  return curated !== null
}

/**
 * The winning rows as they were said by a day: a statement that was withdrawn later still stands, one that came later does not, nor does a value that
 * was published later. A row that does not say since when it is known was there.
 */
export function saidBy({ columns, expected_rows: kind }: DatasetConfig, winners: string, asof: Dt): string {
  const day = `DATE ${sqlText(asof)}`
  const has = (name: string): boolean => columns.some((column) => column.name === name)
  const since = kind === 'events' ? 'first_seen' : 'realtime_start'
  const shown = has('withdrawn')
    ? `* REPLACE (CASE WHEN withdrawn::DATE <= ${day} THEN withdrawn END AS withdrawn)`
    : '*'
  const known = has(since) ? ` AND coalesce(${since}::DATE <= ${day}, true)` : ''
  return `(SELECT ${shown} FROM ${winners} WHERE dt <= ${day}${known})`
}
