/** The hashes that the database knows of a dataset's raw files, as whoever reads or writes them needs them. */
import type { Config } from '../../config/schema.ts'
import type { Db } from '../../db/client.ts'
import { type FileKey, fileKey, hashesOf, hashesOfFiles, recordHashes } from '../../db/raw-files/raw-files.ts'
import { fileKeyOf, hashFiles, isExpected, type RecordedHashes } from '../_lake/file-hashes.ts'
import type { Lake } from '../_lake/lake.ts'
import type { DatasetName } from '../_market/cell.ts'

/**
 * Expected of a cell's own file that nobody has hashed, beside the file of a compacted day: no file has it. It may be older than the compaction, come
 * back from a copy of the tree, and would count before the shared file: its rows must show that they are those that were delivered.
 */
export const UNPROVEN = 'unproven'

/** Where cells have files of their own, only a compaction makes the database know a shared one. */
const mayBeCompacted = (config: Config, dataset: DatasetName): boolean =>
  config.datasets[dataset] !== undefined && config.datasets[dataset].raw_layout !== 'date'

export function recordedHashes(
  { config, db, lake }: { config: Config; db: Db; lake: Lake },
  dataset: DatasetName,
): RecordedHashes {
  const hashOf = expectation(config, dataset)
  return {
    expected: async (paths) => {
      const keys = paths.map((path) => fileKeyOf(lake.root, path))
      const known = await hashesOfFiles(db, dataset, [...keys, ...keys.map((key) => ({ ...key, symbol: '' }))])
      return new Map(
        paths.flatMap((path, at) => {
          const hash = hashOf(known, keys[at]!)
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

function expectation(config: Config, dataset: DatasetName) {
  const isAsked = mayBeCompacted(config, dataset)
  return (known: ReadonlyMap<string, string>, key: FileKey): string | undefined =>
    known.get(fileKey(key)) ??
    (isAsked && key.symbol !== '' && known.has(fileKey({ ...key, symbol: '' })) ? UNPROVEN : undefined)
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
  { config, db, lake }: { config: Config; db: Db; lake: Lake },
  dataset: DatasetName,
  files: readonly string[],
): Promise<CheckedHashes> {
  const checked: CheckedHashes = { bytes: 0, files: 0, unverified: [], damaged: [] }
  const hashOf = expectation(config, dataset)
  const keyed = files.map((path) => ({ path, key: fileKeyOf(lake.root, path) }))
  keyed.sort((a, b) => (a.key.dt < b.key.dt ? -1 : a.key.dt > b.key.dt ? 1 : 0))
  for (let from = 0; from < keyed.length; from += FILES_AT_ONCE) {
    const part = keyed.slice(from, from + FILES_AT_ONCE)
    const known = await hashesOf(db, dataset, part[0]!.key.dt, part.at(-1)!.key.dt)
    const { hashes, bytes } = await hashFiles(part.map(({ path }) => path))
    checked.bytes += bytes
    for (const { path, key } of part) {
      const found = hashes.get(path)
      const expected = hashOf(known, key)
      // A file that went away meanwhile is for whoever opens it.
      if (found === undefined) continue
      checked.files++
      if (expected === undefined) checked.unverified.push(path)
      else if (!isExpected(found, expected)) checked.damaged.push(path)
    }
  }
  return checked
}
