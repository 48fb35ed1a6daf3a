/** Cells of partitions changed: curation makes the files again. The one statement that writes it, whatever changed the cells. */
import { type SQL, sql } from 'drizzle-orm'
import type { Param } from '../prepared.ts'

/**
 * `touched`: rows of partition, also several of one. A partition that waits for its curation and that no worker has leased is touched
 * already and stays as it is.
 */
export const touchPartitions = (dataset: Param<string>, touched: SQL, now: Param<number>): SQL => sql`
  INSERT INTO partitions (dataset, partition, version, touched_at, expected)
  SELECT DISTINCT ${dataset}, partition, 1, ${now}, '' FROM ${touched} WHERE partition IS NOT NULL
  ON CONFLICT DO UPDATE SET version = version + 1, touched_at = excluded.touched_at
    WHERE version = curated_version OR lease_token IS NOT NULL`
