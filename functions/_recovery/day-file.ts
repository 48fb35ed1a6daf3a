/** Whether the file that a day's symbols share holds what was delivered of a cell: then a cell's own file that is gone or damaged costs nothing. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { StoredCellVersion } from '../../db/manifests/stored-versions.ts'
import type { NodeContext } from '../_catalog/context.ts'
import { isDigestOfCell } from '../_lake/digest.ts'
import { fileParts } from '../_lake/file-parts.ts'
import { fileSizes } from '../_lake/list-raw-files.ts'
import { rawFile } from '../_lake/paths.ts'
import { UnreadableFiles } from '../_lake/query-raw.ts'
import type { FilePart } from '../_lake/raw-part.ts'
import { asRawPart } from '../_lake/stored-part.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'

/** Only the digest of its rows proves it: false for a version that nobody read. */
export async function isInDayFile(
  { lake }: NodeContext,
  spec: DatasetConfig,
  { vendor, dataset, dt }: { vendor: string; dataset: DatasetName; dt: Dt },
  versions: readonly StoredCellVersion[],
): Promise<boolean> {
  const shared = rawFile(lake.root, vendor, dataset, 'date', dt, 'ANY')
  if (versions.length === 0 || (await fileSizes([shared])).size === 0) return false
  const parts = (await fileParts(lake, spec, [shared]).catch(noneWhereUnreadable)).get(shared) ?? []
  return versions.every(({ symbol, digest }) => {
    const rows = parts.filter((part) => part.symbol === symbol).flatMap((part) => asRawPart(part, spec.columns).rows)
    return digest !== null && rows.length > 0 && isDigestOfCell(rows, digest)
  })
}

function noneWhereUnreadable(error: unknown): Map<string, FilePart[]> {
  if (error instanceof UnreadableFiles) return new Map()
  throw error
}
