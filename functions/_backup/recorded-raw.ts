/** The hashes that the node's database has recorded of raw files, as a backup compares them with what it reads. */
import type { Db } from '../../db/client.ts'
import { type FileKey, fileKey, hashesOf, hashesOfFiles } from '../../db/raw-files/raw-files.ts'
import { fileKeyOf } from '../_lake/file-hashes.ts'
import { rawFileParts } from '../_lake/paths.ts'
import type { DatasetName } from '../_market/cell.ts'

/** So few are looked up one by one. */
const FEW = 50

/** By file. A file whose hash nobody has recorded, or that is no raw file, is not in the map. */
export async function recordedRaw(db: Db | null, root: string, files: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  if (db === null) return found
  const byDataset = new Map<DatasetName, { file: string; key: FileKey }[]>()
  for (const file of files) {
    const dataset = rawFileParts(root, file)?.dataset
    if (!dataset) continue
    const keyed = byDataset.get(dataset) ?? []
    keyed.push({ file, key: fileKeyOf(root, file) })
    byDataset.set(dataset, keyed)
  }
  for (const [dataset, keyed] of byDataset) {
    const keys = keyed.map(({ key }) => key)
    const days = keys.map(({ dt }) => dt).sort()
    const hashes =
      keys.length > FEW
        ? await hashesOf(db, dataset, days[0] as string, days.at(-1) as string)
        : await hashesOfFiles(db, dataset, keys)
    for (const { file, key } of keyed) {
      const hash = hashes.get(fileKey(key))
      if (hash !== undefined) found.set(file, hash)
    }
  }
  return found
}
