/** The hashes that the database knows of a dataset's raw files, as whoever reads or writes them needs them. */
import type { Db } from '../../db/client.ts'
import { fileKey, hashesOf, hashesOfFiles, recordHashes } from '../../db/raw-files/raw-files.ts'
import { fileKeyOf, hashFiles, isExpected, type RecordedHashes } from '../_lake/file-hashes.ts'
import type { Lake } from '../_lake/lake.ts'
import type { DatasetName } from '../_market/cell.ts'

export function recordedHashes({ db, lake }: { db: Db; lake: Lake }, dataset: DatasetName): RecordedHashes {
  return {
    expected: async (paths) => {
      const keys = paths.map((path) => fileKeyOf(lake.root, path))
      const known = await hashesOfFiles(db, dataset, keys)
      return new Map(
        paths.flatMap((path, at) => {
          const hash = known.get(fileKey(keys[at]!))
          return hash === undefined ? [] : [[path, hash] as const]
        }),
      )
    },
    wrote: (hashes) =>
      recordHashes(
        db,
        dataset,
        [...hashes].map(([path, hash]) => ({ ...fileKeyOf(lake.root, path), hash })),
      ),
  }
}

export interface CheckedHashes {
  /** Bytes read. */
  bytes: number
  files: number
  /** Files whose hash nobody has recorded yet. */
  unverified: string[]
  /** Files whose bytes are not those that were written. */
  damaged: string[]
}

/** Files of one look-up of hashes and one round of reading. */
const FILES_AT_ONCE = 4_000

/** Reads every one of these raw files to the end and compares it with what was recorded. Nothing is taken from a cache, no time of a file is believed. */
export async function checkHashes(
  { db, lake }: { db: Db; lake: Lake },
  dataset: DatasetName,
  files: readonly string[],
): Promise<CheckedHashes> {
  const checked: CheckedHashes = { bytes: 0, files: 0, unverified: [], damaged: [] }
  const keyed = files.map((path) => ({ path, key: fileKeyOf(lake.root, path) }))
  keyed.sort((a, b) => (a.key.dt < b.key.dt ? -1 : a.key.dt > b.key.dt ? 1 : 0))
  for (let from = 0; from < keyed.length; from += FILES_AT_ONCE) {
    const part = keyed.slice(from, from + FILES_AT_ONCE)
    const known = await hashesOf(db, dataset, part[0]!.key.dt, part.at(-1)!.key.dt)
    const { hashes, bytes } = await hashFiles(part.map(({ path }) => path))
    checked.bytes += bytes
    for (const { path, key } of part) {
      const found = hashes.get(path)
      const expected = known.get(fileKey(key))
      // A file that went away meanwhile is for whoever opens it.
      if (found === undefined) continue
      checked.files++
      if (expected === undefined) checked.unverified.push(path)
      else if (!isExpected(found, expected)) checked.damaged.push(path)
    }
  }
  return checked
}
