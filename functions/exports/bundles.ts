/** The finished bundles of an export root: which there are, which one is the latest, and where the files of one lie. */
import { readlink } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { RequestError } from '../_http/handler.ts'
import { codeOf, namesIn } from '../_lake/disk.ts'
import { bundleFolder, latestLink } from '../_lake/paths.ts'
import { type Dt, isDt } from '../_market/dt.ts'
import { type BundleListing, type BundleSummary, bundleListings, type ListedFile } from './bundle-listing.ts'

export interface FoundFile {
  folder: string
  file: ListedFile
}

export interface Bundles {
  /** The newest finished ones, newest first. */
  newest(limit: number): Promise<BundleSummary[]>
  /** The day that the link `latest` points at; null where it points at no finished bundle. */
  latest(): Promise<Dt | null>
  /** Throws RequestError 404 where there is no finished bundle of the day. */
  of(asof: Dt): Promise<BundleListing>
  /** The bundle of the day with this digest; null where there is none. */
  version(asof: Dt, digest: string): Promise<BundleListing | null>
  /** The file of a path as the day's bundle has it. Throws RequestError 404 for a path that it does not list. */
  file(asof: Dt, path: string): Promise<FoundFile>
  /** The file of a path that has one of these hashes; null where no bundle of the day has it. */
  fileWithHash(asof: Dt, path: string, hashes: readonly string[]): Promise<FoundFile | null>
}

/** `exportRoot` is asked for late: the map of functions is made before it is known. */
export function bundlesIn(exportRoot: () => string): Bundles {
  const listings = bundleListings()

  const standing = (asof: Dt): Promise<BundleListing | null> => listings.listing(bundleFolder(exportRoot(), asof), asof)

  const of = async (asof: Dt): Promise<BundleListing> => {
    const found = await standing(asof)
    if (found === null)
      throw new RequestError(404, `no finished bundle of ${asof} here: GET /exports lists those there are`)
    return found
  }

  return {
    async newest(limit) {
      const days = (await namesIn(dirname(bundleFolder(exportRoot(), '2000-01-01')))).filter(isDt).sort().reverse()
      const found: BundleSummary[] = []
      for (const asof of days) {
        if (found.length === limit) break
        const summary = await listings.summary(bundleFolder(exportRoot(), asof), asof)
        if (summary !== null) found.push(summary)
      }
      return found
    },
    async latest() {
      const day = basename(await targetOf(latestLink(exportRoot())))
      if (!isDt(day)) return null
      return (await listings.summary(bundleFolder(exportRoot(), day), day)) === null ? null : day
    },
    of,
    async version(asof, digest) {
      const found = await standing(asof)
      return found?.digest === digest ? found : null
    },
    async file(asof, path) {
      const { folder, listed } = await of(asof)
      const file = listed.get(path)
      if (file === undefined)
        throw new RequestError(
          404,
          `the bundle of ${asof} lists no such file: GET /exports/nightly/${asof}/ lists those it has`,
        )
      return { folder, file }
    },
    async fileWithHash(asof, path, hashes) {
      const found = await standing(asof)
      const file = found?.listed.get(path)
      return found && file && hashes.includes(file.sha256) ? { folder: found.folder, file } : null
    },
  }
}

/** What a symbolic link points at; empty where there is none. */
async function targetOf(link: string): Promise<string> {
  try {
    return await readlink(link)
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EINVAL') return ''
    throw error
  }
}
