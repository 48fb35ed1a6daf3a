/** Entity tags and the headers that compare them, RFC 9110, section 13. The tag of a file is its sha256 in quotes. */

export const etagOf = (sha256: string): string => `"${sha256}"`

interface Tag {
  isWeak: boolean
  value: string
}

/** The tags of a list; `any` for `*`. What is no tag is left out. */
function readTags(header: string): Tag[] | 'any' {
  if (header.trim() === '*') return 'any'
  return [...header.matchAll(/(W\/)?"([^"]*)"/g)].map(([, weak, value = '']) => ({ isWeak: weak !== undefined, value }))
}

/** The hashes that If-Match allows, compared strongly; null where there is no such header or it allows any. */
export function allowedHashes(ifMatch: string | undefined): string[] | null {
  const tags = ifMatch === undefined ? 'any' : readTags(ifMatch)
  return tags === 'any' ? null : tags.filter(({ isWeak }) => !isWeak).map(({ value }) => value)
}

/** Whether If-None-Match says that the client has this file; compared weakly. */
export function isKnown(ifNoneMatch: string | undefined, sha256: string): boolean {
  if (ifNoneMatch === undefined) return false
  const tags = readTags(ifNoneMatch)
  return tags === 'any' || tags.some(({ value }) => value === sha256)
}

/** Whether a Range counts: no If-Range, or one that names this file strongly. A date never does: files have none here. */
export const isRangeOf = (ifRange: string | undefined, sha256: string): boolean =>
  ifRange === undefined || ifRange.trim() === etagOf(sha256)
