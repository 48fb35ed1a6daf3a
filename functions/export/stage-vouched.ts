/** Puts the curated files that the database vouches for into the staging folder, and finds those that are not what was recorded. */
import { constants, copyFile, link, mkdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sha256OfFile } from '../_lake/digest.ts'
import { codeOf, eachBounded } from '../_lake/disk.ts'
import type { Lake } from '../_lake/lake.ts'
import { curatedFile } from '../_lake/paths.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { BundledDataset } from './partitions.ts'

export interface BundleFile {
  /** Relative to the bundle, with `/`. */
  path: string
  bytes: number
  sha256: string
  rows?: number
  dataset?: DatasetName
  partition?: string
  /** Of the ledger: stretches of bytes that stay the same from bundle to bundle, so that a puller that has them need not fetch them. */
  parts?: { offset: number; bytes: number; sha256: string }[]
}

export interface Partition {
  dataset: DatasetName
  partition: string
}

/** A file that is not the one that was recorded. */
export interface Damage extends Partition {
  what: 'curated' | 'ledger'
  /** The recorded digest. */
  sha256: string
  /** In words. */
  found: string
}

export interface Vouchers {
  /** Curated files by their path in the bundle, each with the recorded digest. */
  files: Map<string, BundleFile & Partition>
  damaged: Damage[]
  /** Rows of the curated files that were not hashed again, by their path in the bundle: an earlier bundle has the same file, on the disk. */
  known: Map<string, number>
}

/** A file that was hashed before and found as recorded; undefined for one that is to be hashed. */
export type KnownFiles = (
  path: string,
  staged: string,
  recorded: string,
) => Promise<{ rows: number; bytes: number } | undefined>

/** File systems that cannot link (FAT, some network shares), another volume, or a file with too many links. */
const NO_LINK = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS'])
/** What a damaged file answers with, and not a disk that is full or an export folder that cannot be written. */
const UNREADABLE = new Set(['EIO', 'EACCES', 'EISDIR', 'ELOOP', 'EUCLEAN', 'EBADMSG'])

/**
 * Stages each partition's curated file and hashes what was staged. The hash of an earlier bundle is believed of a file that `known` vouches for. What `already` holds from an earlier round is not read again. Rejects when the export disk fails.
 */
export async function stageVouched(
  lake: Lake,
  staging: string,
  datasets: readonly BundledDataset[],
  known: KnownFiles,
  already?: Vouchers,
): Promise<Vouchers> {
  const vouchers: Vouchers = { files: new Map(), damaged: [], known: new Map(already?.known) }
  for (const { name: dataset, spec, partitions } of datasets) {
    const staged: (() => void)[] = []
    await eachBounded(partitions, PARALLEL, async ({ partition, curatedSha256 }, at) => {
      if (curatedSha256 === null) return
      const path = `curated/${dataset}/${spec.partition}=${partition}/data.parquet`
      const file = { path, dataset, partition, sha256: curatedSha256 }
      const earlier = already?.files.get(path)
      if (earlier?.sha256 === curatedSha256) {
        staged[at] = () => vouchers.files.set(path, earlier)
        return
      }
      const source = curatedFile(lake.root, dataset, spec.partition, partition)
      const { fault, rows, bytes } = await stageFile(source, join(staging, path), file, known)
      staged[at] = () => {
        if (rows === null) vouchers.known.delete(path)
        else vouchers.known.set(path, rows)
        if (fault === null) vouchers.files.set(path, { ...file, bytes })
        else
          vouchers.damaged.push({
            dataset,
            partition,
            what: 'curated',
            sha256: curatedSha256,
            found: `its file is ${fault}`,
          })
      }
    })
    // In the order of the partitions, whichever was the first to be staged.
    for (const note of staged) note?.()
  }
  return vouchers
}

/** Several at once: each waits for the disk a few times. */
const PARALLEL = 8

/** Links a file to its place, and hashes it there unless it is known. `fault` is null where it is as recorded; `rows` is null where it is not known. */
async function stageFile(
  source: string,
  staged: string,
  { path, sha256: recorded }: { path: string; sha256: string },
  known: KnownFiles,
): Promise<{ fault: string | null; rows: number | null; bytes: number }> {
  let hashedBefore: Awaited<ReturnType<KnownFiles>>
  const found = await hashOrFault(async () => {
    await linkAnew(source, staged)
    hashedBefore = await known(path, staged, recorded)
    return hashedBefore === undefined ? await sha256OfFile(staged) : recorded
  })
  if (hashedBefore !== undefined) return { fault: null, ...hashedBefore }
  if (found.sha256 === recorded) return { fault: null, rows: null, bytes: (await stat(staged)).size }
  await rm(dirname(staged), { recursive: true, force: true })
  return { fault: found.fault, rows: null, bytes: 0 }
}

/** Size and hash of a staged file. */
export async function described(staging: string, path: string): Promise<BundleFile> {
  const full = join(staging, path)
  return { path, bytes: (await stat(full)).size, sha256: await sha256OfFile(full) }
}

/** A bundle shares the inode of the lake's file. Both stay what they are because the lake replaces files by rename and never writes into one. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  try {
    await link(from, to)
  } catch (error) {
    if (!NO_LINK.has(codeOf(error) ?? '')) throw error
    await copyFile(from, to, constants.COPYFILE_FICLONE)
  }
}

/** Also where an earlier round left another file. */
async function linkAnew(from: string, to: string): Promise<void> {
  try {
    await linkOrCopy(from, to)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    await rm(to, { force: true })
    await linkOrCopy(from, to)
  }
}

/** `fault` says in a word how a file is found whose hash is not the recorded one. */
export async function hashOrFault(hash: () => Promise<string>): Promise<{ sha256: string | null; fault: string }> {
  try {
    return { sha256: await hash(), fault: 'damaged' }
  } catch (error) {
    const code = codeOf(error) ?? ''
    if (code === 'ENOENT' || code === 'ENOTDIR') return { sha256: null, fault: 'missing' }
    if (UNREADABLE.has(code)) return { sha256: null, fault: `unreadable (${code})` }
    throw error
  }
}
