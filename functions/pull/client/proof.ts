/** What a node says of its bundles, read as if it were hostile: no path leads out of the folder, no number is taken unchecked. */
import { createHash } from 'node:crypto'
import { EXIT, PullError } from './options.ts'

export const MANIFEST_NAME = 'MANIFEST.json'
export const SUMS_NAME = 'SHA256SUMS'

export interface OfferedBundle {
  asof: string
  /** sha256 of SHA256SUMS. */
  digest: string
  complete: boolean
}

export interface Offer {
  /** The newest closed session by the node's clock. */
  asof: string
  latest: OfferedBundle | null
}

export interface BundleFile {
  path: string
  sha256: string
  bytes: number
  /** Stretches that may be in an earlier version of the file, by their own hash; in ascending order. */
  parts?: FilePart[]
}

export interface FilePart {
  offset: number
  bytes: number
  sha256: string
}

export interface BundleProof {
  asof: string
  digest: string
  /** The two texts that prove the others. */
  sums: Buffer
  manifest: Buffer
  /** All files but those two. */
  files: BundleFile[]
  rows: number
}

export const isDay = (text: unknown): text is string => typeof text === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(text)
const isHash = (text: unknown): text is string => typeof text === 'string' && /^[0-9a-f]{64}$/.test(text)
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/** Characters that a terminal would obey are taken out of what the node wrote. */
export const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 300)

export const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const mismatch = (what: string): PullError =>
  new PullError(EXIT.mismatch, `${what}; nothing of it is taken: run verify on the node, or POST /export there`)

/** The answer of GET /exports. Throws PullError where it is none. */
export function readOffer(text: string): Offer {
  const answer = objectOf(parseJson(text, 'GET /exports'))
  const bundles = Array.isArray(answer.bundles) ? answer.bundles.map(objectOf) : []
  const found = bundles.find(({ asof }) => asof === answer.latest)
  if (!isDay(answer.asof)) throw mismatch('expected an as-of day from GET /exports')
  if (found === undefined) return { asof: answer.asof, latest: null }
  const { asof, digest, complete } = found
  if (!isDay(asof) || !isHash(digest) || typeof complete !== 'boolean')
    throw mismatch('expected asof, digest and complete of the latest bundle from GET /exports')
  return { asof: answer.asof, latest: { asof, digest, complete } }
}

/** Throws PullError where the sums are not those of the digest, or the manifest is not that of the sums, or either names what it may not. */
export function readProof({ asof, digest }: OfferedBundle, sums: Buffer, manifest: Buffer): BundleProof {
  if (hashOf(sums) !== digest) throw mismatch(`expected ${SUMS_NAME} of ${asof} with the hash ${digest}, got another`)
  const hashes = readSumLines(sums.toString('utf8'))
  if (hashes.get(MANIFEST_NAME) !== hashOf(manifest))
    throw mismatch(`expected ${MANIFEST_NAME} of ${asof} as ${SUMS_NAME} has it, got another`)
  hashes.delete(MANIFEST_NAME)
  const parsed = objectOf(parseJson(manifest.toString('utf8'), MANIFEST_NAME))
  if (parsed.asof !== asof) throw mismatch(`expected the manifest of ${asof}, got that of another day`)
  const files: BundleFile[] = []
  let rows = 0
  for (const entry of Array.isArray(parsed.files) ? parsed.files.map(objectOf) : []) {
    const { path, bytes, sha256 } = entry
    if (typeof path !== 'string' || hashes.get(path) !== sha256 || !isHash(sha256) || !isCount(bytes))
      throw mismatch(`expected in ${MANIFEST_NAME} the files of ${SUMS_NAME}, got ${printable(String(path))}`)
    hashes.delete(path)
    files.push({ path, sha256, bytes, parts: readParts(entry.parts, bytes) })
    if (path.startsWith('curated/') && isCount(entry.rows)) rows += entry.rows
  }
  if (hashes.size > 0)
    throw mismatch(`expected in ${MANIFEST_NAME} every file of ${SUMS_NAME}, got ${hashes.size} fewer`)
  return { asof, digest, sums, manifest, files, rows }
}

/** The parts that an entry of a manifest lists; none where they are no such list: then the file is fetched whole. The file's own hash decides in the end. */
export function readParts(listed: unknown, bytes: number): FilePart[] {
  const parts: FilePart[] = []
  let end = 0
  for (const { offset, bytes: own, sha256 } of Array.isArray(listed) ? listed.map(objectOf) : []) {
    if (!isCount(offset) || !isCount(own) || !isHash(sha256) || offset < end || offset + own > bytes) return []
    end = offset + own
    if (own > 0) parts.push({ offset, bytes: own, sha256 })
  }
  return parts
}

const PATH_NAME = /^[A-Za-z0-9_][A-Za-z0-9._=-]*$/
/** Neither absolute, nor hidden, nor with `..`: joined to a folder it lies in that folder. */
const isSafePath = (path: string): boolean =>
  path.length <= 512 && path.split('/').every((name) => PATH_NAME.test(name))

/** sha256 by path. */
export function readSumLines(text: string): Map<string, string> {
  const hashes = new Map<string, string>()
  const folders = new Set<string>()
  for (const line of text.split('\n').slice(0, -1)) {
    const [, hash = '', path = ''] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? []
    if (!isSafePath(path) || path === SUMS_NAME || hashes.has(path))
      throw mismatch(
        `expected in ${SUMS_NAME} a hash and a path within the bundle, each path once, got ${printable(line)}`,
      )
    hashes.set(path, hash)
    for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) folders.add(path.slice(0, at))
  }
  for (const path of hashes.keys())
    if (folders.has(path)) throw mismatch(`expected a file or a folder in ${SUMS_NAME}, got both at ${path}`)
  return hashes
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw mismatch(`expected JSON of ${what}, got other text`)
  }
}

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
