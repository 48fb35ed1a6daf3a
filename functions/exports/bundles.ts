/** The finished bundles of an export root: which there are, which one is the latest, and where the files of one lie. */
import { dirname } from 'node:path'
import { RequestError } from '../_http/handler.ts'
import { namesIn } from '../_lake/disk.ts'
import { bundleDays, pointedDay } from '../_lake/finished-bundles.ts'
import { asideFolder, bundleFolder } from '../_lake/paths.ts'
import { replacedFolders } from '../_lake/replaced-bundles.ts'
import { type Dt, isDt } from '../_market/dt.ts'
import { type BundleListing, type BundleSummary, bundleListings, type ListedFile } from './bundle-listing.ts'

export interface FoundFile {
  folder: string
  /** The same without links above it. */
  realFolder: string
  /** Of the bundle that listed it. */
  identity: string
  file: ListedFile
}

export interface Bundles {
  /** The newest finished ones, newest first. */
  newest(limit: number): Promise<BundleSummary[]>
  /** The day that the link `latest` points at; null where it points at no finished bundle. */
  latest(): Promise<Dt | null>
  /** Throws RequestError 404 where there is no finished bundle of the day. */
  of(asof: Dt): Promise<BundleListing>
  /** The file of a path as the day's bundle has it. Throws RequestError 404 for a path that it does not list. */
  file(asof: Dt, path: string): Promise<FoundFile>
  /** The file of a path that has one of these hashes, also of a bundle that was replaced since; null where none has it. */
  fileWithHash(asof: Dt, path: string, hashes: readonly string[]): Promise<FoundFile | null>
}

/** `exportRoot` is asked for late: the map of functions is made before it is known. */
export function bundlesIn(exportRoot: () => string): Bundles {
  const listings = bundleListings()

  const read = async <T>(asof: Dt, from: (folder: string, asof: Dt) => Promise<T | null>): Promise<T | null> => {
    const standing = bundleFolder(exportRoot(), asof)
    // A successor may be taking its place: for a moment none stands, and the one set aside is still the bundle of its day.
    return (
      (await from(standing, asof)) ??
      (await from(asideFolder(exportRoot(), asof), asof)) ??
      (await from(standing, asof))
    )
  }
  const current = (asof: Dt): Promise<BundleListing | null> => read(asof, listings.listing)
  const summary = (asof: Dt): Promise<BundleSummary | null> => read(asof, listings.summary)

  const of = async (asof: Dt): Promise<BundleListing> => {
    const found = await current(asof)
    if (found === null)
      throw new RequestError(404, `no finished bundle of ${asof} here: GET /exports lists those there are`)
    return found
  }

  /** Every version of the day's bundle that is there, the one that stands first. */
  async function* versions(asof: Dt): AsyncGenerator<BundleListing> {
    const now = await current(asof)
    if (now !== null) yield now
    for (const folder of await replacedFolders(exportRoot(), asof)) {
      const found = await listings.listing(folder, asof)
      if (found !== null) yield found
    }
  }

  return {
    async newest(limit) {
      const days = await daysIn(exportRoot())
      const found: BundleSummary[] = []
      for (const asof of days) {
        if (found.length === limit) break
        const one = await summary(asof)
        if (one !== null) found.push(one)
      }
      return found
    },
    async latest() {
      const day = await pointedDay(exportRoot())
      return day !== null && (await summary(day)) !== null ? day : null
    },
    of,
    async file(asof, path) {
      const found = fileIn(await of(asof), path)
      if (found !== null) return found
      const where = `GET /exports/nightly/${asof}/ lists those it has`
      throw new RequestError(404, `the bundle of ${asof} lists no such file: ${where}`)
    },
    async fileWithHash(asof, path, hashes) {
      for await (const version of versions(asof)) {
        const found = fileIn(version, path)
        if (found !== null && hashes.includes(found.file.sha256)) return found
      }
      return null
    },
  }
}

function fileIn({ folder, realFolder, identity, listed }: BundleListing, path: string): FoundFile | null {
  const file = listed.get(path)
  return file === undefined ? null : { folder, realFolder, identity, file }
}

/** As-of days of the bundles that stand or are set aside, newest first. */
async function daysIn(exportRoot: string): Promise<Dt[]> {
  const standing = await bundleDays(exportRoot)
  const aside = (await namesIn(dirname(asideFolder(exportRoot, '2000-01-01'))))
    .map((name) => name.slice(0, 10))
    .filter((day) => isDt(day))
  return [...new Set([...standing, ...aside])].sort().reverse()
}
