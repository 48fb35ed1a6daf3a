/** What a finished bundle lists: the only files that are served, with their sizes and hashes, read from the bundle's own proof. */
import type { BigIntStats } from 'node:fs'
import { readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { sha256 } from '../_lake/digest.ts'
import { codeOf } from '../_lake/disk.ts'
import { MANIFEST, SUMS } from '../_lake/finished-bundles.ts'
import type { Dt } from '../_market/dt.ts'

export interface ListedFile {
  path: string
  bytes: number
  sha256: string
  /** Of data files only. */
  rows?: number
}

export interface BundleSummary {
  asof: Dt
  /** sha256 of SHA256SUMS: two bundles with the same digest are the same. */
  digest: string
  /** Instant as text, as the manifest has it. */
  generatedAt: string
  /** Whether every partition is as the database would have it. */
  complete: boolean
  previous: Dt | null
  files: number
  bytes: number
  /** Rows of data. */
  rows: number
}

export interface BundleListing extends BundleSummary {
  folder: string
  /** The same without links above it. */
  realFolder: string
  /** Of the file SHA256SUMS that was read: another bundle in the folder's place has another. */
  identity: string
  /** By path, sorted; the proof is among them. */
  listed: ReadonlyMap<string, ListedFile>
}

const Manifest = z.object({
  asof: z.string(),
  generated_at: z.iso.datetime(),
  /** Absent in bundles of older versions. */
  complete: z.boolean().default(true),
  previous: z.string().nullish(),
  files: z.array(
    z.object({
      path: z.string(),
      bytes: z.int().nonnegative(),
      sha256: z.string(),
      rows: z.int().optional(),
    }),
  ),
})

/** One name of a path in a bundle: no separator, no hidden file, nothing that a URL or a shell would read otherwise. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._=-]*$/
const MOST_PATH_LENGTH = 512

/** Whether a bundle may list such a path. A damaged or foreign proof must not name a file outside its folder. */
export const isBundlePath = (path: string): boolean =>
  path.length <= MOST_PATH_LENGTH && path.split('/').every((name) => NAME.test(name))

/** Listings held in memory: that of a large bundle takes megabytes. */
const MOST_LISTINGS = 4
const MOST_SUMMARIES = 1_000

export interface BundleListings {
  /** Null where the folder holds no bundle, or one whose proof is not whole. Rejects when the disk fails. */
  listing(folder: string, asof: Dt): Promise<BundleListing | null>
  /** The same without its files, which many bundles can be kept of. */
  summary(folder: string, asof: Dt): Promise<BundleSummary | null>
}

/** Reads each proof once: what was read counts as long as SHA256SUMS, written last, is the same file. */
export function bundleListings(): BundleListings {
  const listings = new Map<string, Promise<BundleListing | null>>()
  const summaries = new Map<string, BundleSummary | null>()

  const listingOf = (folder: string, asof: Dt, key: string): Promise<BundleListing | null> => {
    const known = listings.get(key)
    listings.delete(key)
    const found = known ?? readListing(folder, asof, key)
    listings.set(key, found)
    found.catch(() => listings.delete(key))
    dropOldest(listings, MOST_LISTINGS)
    return found
  }

  return {
    async listing(folder, asof) {
      const key = await identityOf(folder)
      return key === null ? null : await listingOf(folder, asof, key)
    },
    async summary(folder, asof) {
      const key = await identityOf(folder)
      if (key === null) return null
      const known = summaries.get(key)
      if (known !== undefined) return known
      const listing = await listingOf(folder, asof, key)
      const summary = listing && summaryOf(listing)
      summaries.set(key, summary)
      dropOldest(summaries, MOST_SUMMARIES)
      return summary
    },
  }
}

export const summaryOf = ({
  folder: _,
  realFolder: __,
  identity: ___,
  listed: ____,
  ...summary
}: BundleListing): BundleSummary => summary

function dropOldest(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return
    map.delete(key)
  }
}

/** Tells one proof from another that takes its place; null without one. */
export async function identityOf(folder: string): Promise<string | null> {
  try {
    const { ino, size, mtimeNs }: BigIntStats = await stat(join(folder, SUMS), { bigint: true })
    return `${folder} ${ino} ${size} ${mtimeNs}`
  } catch (error) {
    if (isAbsent(error)) return null
    throw error
  }
}

const isAbsent = (error: unknown): boolean => codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR'

/** Null where the sums and the manifest do not say the same: another bundle took the folder's place meanwhile, or this one is damaged. */
async function readListing(folder: string, asof: Dt, identity: string): Promise<BundleListing | null> {
  let sumsText: string
  let manifestText: string
  let realFolder: string
  try {
    sumsText = await readFile(join(folder, SUMS), 'utf8')
    manifestText = await readFile(join(folder, MANIFEST), 'utf8')
    realFolder = await realpath(folder)
  } catch (error) {
    if (isAbsent(error)) return null
    throw error
  }
  const sums = readSums(sumsText)
  const manifest = readManifest(manifestText)
  if (sums === null || manifest === null || manifest.asof !== asof) return null
  if (sums.get(MANIFEST) !== sha256(manifestText)) return null
  const files: ListedFile[] = manifest.files.map(({ rows, ...file }) => ({
    ...file,
    ...(rows === undefined ? {} : { rows }),
  }))
  if (files.some(({ path, sha256: hash }) => sums.get(path) !== hash)) return null
  const digest = sha256(sumsText)
  files.push({ path: MANIFEST, bytes: Buffer.byteLength(manifestText), sha256: sums.get(MANIFEST)! })
  if (files.length !== sums.size) return null
  files.push({ path: SUMS, bytes: Buffer.byteLength(sumsText), sha256: digest })
  files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return {
    asof,
    digest,
    generatedAt: manifest.generated_at,
    complete: manifest.complete,
    previous: manifest.previous ?? null,
    files: files.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    rows: files.reduce((sum, { path, rows = 0 }) => (path.startsWith('curated/') ? sum + rows : sum), 0),
    folder,
    realFolder,
    identity,
    listed: new Map(files.map((file) => [file.path, file])),
  }
}

/** sha256 by path; null where a line is none of `sha256sum`, names a path that no bundle has, or names one twice. */
function readSums(text: string): Map<string, string> | null {
  const sums = new Map<string, string>()
  for (const line of text.split('\n').slice(0, -1)) {
    const [, hash = '', path = ''] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? []
    if (!isBundlePath(path) || path === SUMS || sums.has(path)) return null
    sums.set(path, hash)
  }
  return sums
}

function readManifest(text: string): z.infer<typeof Manifest> | null {
  try {
    return Manifest.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
