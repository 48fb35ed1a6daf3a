/** What differs between two bundles, file by file. */
import type { BundleListing, ListedFile } from './bundle-listing.ts'

export interface Delta {
  added: ListedFile[]
  changed: ListedFile[]
  removed: string[]
  /** Bytes of the added and changed files. */
  bytes: number
}

/** By sha256: what a holder of the earlier bundle fetches, and what it forgets. */
export function deltaOf(before: BundleListing, now: BundleListing): Delta {
  const files = [...now.listed.values()]
  const added = files.filter(({ path }) => !before.listed.has(path))
  const changed = files.filter(({ path, sha256 }) => {
    const earlier = before.listed.get(path)
    return earlier !== undefined && earlier.sha256 !== sha256
  })
  const removed = [...before.listed.keys()].filter((path) => !now.listed.has(path))
  return { added, changed, removed, bytes: [...added, ...changed].reduce((sum, { bytes }) => sum + bytes, 0) }
}
