/** Yields with all their vintages: the same winning versions as in the curated file, which holds the newest vintage alone. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { PartitionKey } from '../../db/partitions/partitions.ts'
import type { Node } from '../_http/node.ts'
import { sqlText } from '../_lake/sql-text.ts'
import type { Dt } from '../_market/dt.ts'
import { saidBy } from './as-of.ts'
import { curatePartition } from './curate.ts'
import { partitionRequest } from './partition-request.ts'

/**
 * Writes the vintages of a partition to `path`, of an older day (`asof`) those that were published by it; false where there are none. Rejects where a raw
 * file is damaged or cannot be read.
 */
export async function writeVintages(node: Node, key: PartitionKey, path: string, asof: Dt | null): Promise<boolean> {
  const request = await partitionRequest(node, key)
  const sql = (spec: DatasetConfig, winners: string): string =>
    vintagesSql(spec, asof === null ? winners : saidBy(spec, winners, asof))
  const { curated } = await curatePartition(node.lake, { ...request, as: { path, sql } })
  return curated !== null
}

/** A row for each value that was published: series, date, value (null where the source took it back), the day of publication, vendor, feed. Of two of one day the later row counts. */
function vintagesSql(spec: DatasetConfig, winners: string): string {
  const known = Object.values(spec.groups ?? {}).flatMap(({ series }) => series.map(({ id }) => sqlText(id)))
  return `SELECT series, dt AS date, value, realtime_start, vendor, feed FROM ${winners} WHERE series IN (${known.join(', ')})
    QUALIFY row_number() OVER (PARTITION BY series, dt, realtime_start ORDER BY file_row_number DESC, fetched_at DESC, filename) = 1
    ORDER BY series, date, realtime_start NULLS FIRST`
}
