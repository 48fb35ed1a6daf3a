/** What the files of a dataset's partitions must be, by what curation and QC recorded. */
import type { Db } from '../../db/client.ts'
import { listRecords } from '../../db/partitions/list-records.ts'
import type { DatasetName } from '../_market/cell.ts'

export interface RecordedPartition {
  partition: string
  /** Of the curated file; null where no row was left for one. */
  sha256: string | null
  rows: number
  /** True while curation has work with it: the recorded file may have been replaced already. */
  isTouched: boolean
  /** Of its part of the ledger; null while QC has not judged what is curated now. */
  ledgerSha256: string | null
}

/** Those that are expected and were curated at least once, by key. */
export async function recordedPartitions(db: Db, dataset: DatasetName): Promise<RecordedPartition[]> {
  const records = await listRecords(db, dataset)
  return records
    .filter(({ curatedVersion }) => curatedVersion > 0)
    .map(({ partition, version, curatedVersion, checkedVersion, curatedSha256, curatedRows, ledgerSha256 }) => ({
      partition,
      sha256: curatedSha256,
      rows: curatedRows,
      isTouched: version > curatedVersion,
      ledgerSha256: checkedVersion === curatedVersion ? ledgerSha256 : null,
    }))
}
