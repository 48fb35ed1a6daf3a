/** One pull: the node's latest bundle comes to DIR. Killed anywhere and started again it goes on where it was. */
import { setMaxListeners } from 'node:events'
import { mkdir, statfs } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type BlobFolders, blobFolders, clearBlobs, hashOfFile, makeBlobFolders, sizeOf } from './blobs.ts'
import { type Connection, connectTo } from './connection.ts'
import { fetchBlob, VersionGone } from './fetch-blob.ts'
import { lockFolder } from './folder-lock.ts'
import {
  hasBundle,
  healFolder,
  localFiles,
  placeStaged,
  pointLocalLatest,
  removeOlder,
  stageBundle,
} from './local-bundles.ts'
import { bytesHere, type LocalPart, localParts } from './local-parts.ts'
import { EXIT, PullError, type PullOptions } from './options.ts'
import { bytesText, type PullProgress } from './progress.ts'
import {
  type BundleFile,
  type BundleProof,
  MANIFEST_NAME,
  type Offer,
  type OfferedBundle,
  readOffer,
  readProof,
  SUMS_NAME,
} from './proof.ts'

const MOST_LIST_BYTES = 16 * 1024 * 1024
const MOST_PROOF_BYTES = 256 * 1024 * 1024
/** Times that a bundle may be made again under a pull before it gives up. */
const MOST_VERSIONS = 5
const WAIT_EACH_MS = 30_000
const WAIT_ALL_MS = 12 * 3_600_000

export interface PullTerms {
  options: PullOptions
  progress: PullProgress
  signal: AbortSignal
  /** Milliseconds that only grow. */
  elapsed(): number
  /** Rejects when the signal aborts. */
  sleep(ms: number): Promise<void>
  /** Who acknowledges; absent: this machine. */
  puller?: string
}

export interface PullResult {
  asof: string
  digest: string
  /** DIR had the bundle before. */
  isUpToDate: boolean
  complete: boolean
  path: string
  files: number
  bytes: number
  rows: number
  /** Files, and bytes over the network. */
  fetched: { files: number; bytes: number }
  /** Files that were there: in an earlier bundle, or fetched by an earlier run. */
  reused: number
  removed: string[]
  /** The day that DIR/latest points at. */
  latest: string
  /** Whether the node has taken note. */
  isAcknowledged: boolean
}

/** Throws PullError with its exit code; the signal's reason when it was interrupted. */
export async function pull(terms: PullTerms): Promise<PullResult> {
  const { options, signal, sleep } = terms
  const { to, from, token, parallel } = options
  await mkdir(to, { recursive: true })
  const lock = await lockFolder(to)
  try {
    await healFolder(to)
    await makeBlobFolders(blobFolders(to))
    for (let versions = 1; ; versions++) {
      // The first failure ends whatever else is under way.
      const stop = new AbortController()
      const running = AbortSignal.any([signal, stop.signal])
      setMaxListeners(0, running)
      const connection = connectTo({ from, token, parallel, signal: running, sleep })
      try {
        return await pullBundle({ ...terms, signal: running }, { connection, stop: () => stop.abort() }, lock.check)
      } catch (error) {
        if (!(error instanceof VersionGone)) throw error
        if (versions === MOST_VERSIONS)
          throw new PullError(
            EXIT.failed,
            `the node made its bundle anew ${versions} times during this pull; the same command goes on from here`,
          )
        terms.progress.note('The node has another bundle now: going on with that one.')
      } finally {
        connection.close()
      }
    }
  } finally {
    await lock.release()
  }
}

interface Session {
  connection: Connection
  /** Ends all requests under way. */
  stop(): void
}

/** The bundle to take, as soon as there is one that the options let through. Throws PullError with code 4 where there is none. */
async function awaitBundle(terms: PullTerms, connection: Connection): Promise<OfferedBundle> {
  const { options, progress, elapsed, sleep } = terms
  const begun = elapsed()
  for (let isFirst = true; ; isFirst = false) {
    const { body } = await connection.read('exports?limit=30', { expected: [200] }, MOST_LIST_BYTES)
    const offer = readOffer(body.toString('utf8'))
    const lacks = whyNot(offer, options)
    if (lacks === null && offer.latest !== null) return offer.latest
    if (!options.mayWait || elapsed() - begun >= WAIT_ALL_MS)
      throw new PullError(EXIT.notYet, `${lacks}: nothing was changed`)
    if (isFirst) progress.note(`Waiting: ${lacks}.`)
    await sleep(WAIT_EACH_MS)
  }
}

function whyNot({ asof, latest }: Offer, { mayWait, isComplete }: PullOptions): string | null {
  if (latest === null) return 'the node has no latest bundle yet'
  if (mayWait && latest.asof < asof) return `the node's latest bundle is of ${latest.asof}, not yet of ${asof}`
  if (isComplete && !latest.complete) return `the node's latest bundle, of ${latest.asof}, is not complete`
  return null
}

async function pullBundle(terms: PullTerms, session: Session, check: () => Promise<void>): Promise<PullResult> {
  const { connection } = session
  const offered = await awaitBundle(terms, connection)
  const { options, progress } = terms
  const { to } = options
  const { asof, digest } = offered
  const had = await hasBundle(to, asof, digest)
  const proof = had ?? (await fetchProof(connection, offered))
  const counts = { fetched: { files: 0, bytes: 0 }, reused: proof.files.length }
  if (had === null) {
    const { sources, ...fetched } = await gatherContent(terms, session, proof)
    Object.assign(counts, fetched)
    await stageBundle(to, proof, (sha256) => sources.get(sha256)!)
    await check()
    await placeStaged(to, asof)
    await clearBlobs(blobFolders(to))
  }
  await check()
  const latest = await pointLocalLatest(to, asof)
  const removed = options.keep === null ? [] : await removeOlder(to, options.keep, latest)
  progress.end()
  const sizes = {
    files: proof.files.length + 2,
    bytes: proof.files.reduce((sum, file) => sum + file.bytes, proof.sums.length + proof.manifest.length),
    rows: proof.rows,
  }
  const isAcknowledged = await tellNode(terms, connection, asof, { digest, ...sizes })
  const path = join(to, 'nightly', asof)
  const { complete } = offered
  return {
    asof,
    digest,
    isUpToDate: had !== null,
    complete,
    path,
    ...sizes,
    ...counts,
    removed,
    latest,
    isAcknowledged,
  }
}

/** The bundle is here whether the node takes note or not: an older node has no such route. */
async function tellNode(
  { progress, puller = pullerName() }: PullTerms,
  connection: Connection,
  asof: string,
  counts: object,
): Promise<boolean> {
  const headers = { 'Content-Type': 'application/json' }
  const body = JSON.stringify({ puller, ...counts })
  try {
    await connection.read(`exports/${asof}/ack`, { method: 'POST', headers, body, expected: [200] }, MOST_LIST_BYTES)
    return true
  } catch (error) {
    if (!(error instanceof PullError)) throw error
    progress.note(`The bundle is here, but the node took no note of it: ${error.message}`)
    return false
  }
}

/** The two files that prove the others, of exactly the version that was offered. */
async function fetchProof(connection: Connection, { asof, digest, complete }: OfferedBundle): Promise<BundleProof> {
  const read = async (name: string, headers: Record<string, string>): Promise<Buffer> => {
    const terms = { headers, expected: [200, 404, 412] }
    const { status, body } = await connection.read(`exports/nightly/${asof}/${name}`, terms, MOST_PROOF_BYTES)
    if (status !== 200) throw new VersionGone(name)
    return body
  }
  const sums = await read(SUMS_NAME, { 'If-Match': `"${digest}"` })
  const hash =
    new RegExp(`^([0-9a-f]{64}) {2}${MANIFEST_NAME.replace('.', '\\.')}$`, 'm').exec(sums.toString('utf8'))?.[1] ?? ''
  return readProof({ asof, digest, complete }, sums, await read(MANIFEST_NAME, { 'If-Match': `"${hash}"` }))
}

/** Where the content of each hash lies, once all of it is there and verified: in an earlier bundle, or fetched. */
async function gatherContent(terms: PullTerms, { connection, stop }: Session, proof: BundleProof) {
  const { options, progress, signal } = terms
  const folders = blobFolders(options.to)
  const wanted = [...new Map(proof.files.map((file) => [file.sha256, file])).values()]
  const sources = new Map<string, string>()
  const earlier = await localFiles(options.to)
  const { parallel } = options
  await inParallel(wanted, parallel, stop, async ({ sha256 }) => {
    for (const path of [join(folders.whole, sha256), earlier.get(sha256)]) {
      // Each is read again: a disk may have changed what was right when it came.
      if (path !== undefined && (await hashOfFile(path, signal)) === sha256) return void sources.set(sha256, path)
    }
  })
  const missing = wanted.filter(({ sha256 }) => !sources.has(sha256)).sort((a, b) => b.bytes - a.bytes)
  const local = missing.some(({ parts = [] }) => parts.length > 0) ? await localParts(options.to) : new Map()
  const { begun, there } = await bytesThere(folders, missing, local)
  const bytes = missing.reduce((sum, file) => sum + file.bytes, 0)
  await checkRoom(options.to, bytes - begun)
  const fetched = { files: missing.length, bytes: 0 }
  progress.note(
    `Bundle of ${proof.asof}: ${proof.files.length} files, ${missing.length} to fetch (${bytesText(bytes)}${there > 0 ? `, ${bytesText(there)} of it there` : ''}).`,
  )
  progress.begin(bytes, there)
  const onBytes = (count: number): void => {
    fetched.bytes += count
    progress.add(count)
  }
  await inParallel(missing, parallel, stop, async (file) => {
    await fetchBlob({ connection, folders, asof: proof.asof, local, onBytes }, file)
    sources.set(file.sha256, join(folders.whole, file.sha256))
  })
  return { sources, fetched, reused: wanted.length - missing.length }
}

/** Bytes that an earlier run fetched, and those together with what an earlier bundle has. */
async function bytesThere(
  { partial }: BlobFolders,
  files: readonly BundleFile[],
  local: ReadonlyMap<string, LocalPart>,
): Promise<{ begun: number; there: number }> {
  const sum = { begun: 0, there: 0 }
  for (const file of files) {
    const begun = Math.min(file.bytes, Math.max(0, await sizeOf(join(partial, file.sha256))))
    sum.begun += begun
    sum.there += begun + bytesHere(file, local, begun)
  }
  return sum
}

/** Throws PullError where the disk has no room for what is to come. */
async function checkRoom(dir: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dir)
  if (bytes > bavail * bsize)
    throw new PullError(
      EXIT.failed,
      `expected ${bytesText(bytes)} free below ${dir}, got ${bytesText(bavail * bsize)}: free some room, or use --keep`,
    )
}

/** After the first failure nothing more is begun, and `stop` ends what is under way: nothing is written behind the caller's back. */
async function inParallel<T>(
  items: readonly T[],
  parallel: number,
  stop: () => void,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0
  const failures: unknown[] = []
  const worker = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      await work(items[next++]!).catch((error: unknown) => {
        failures.push(error)
        stop()
      })
    }
  }
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, worker))
  if (failures.length > 0) throw failures[0]
}

/** The name under which this machine acknowledges. */
export const pullerName = (): string =>
  hostname()
    .replaceAll(/[^\w.-]/g, '-')
    .slice(0, 64) || 'unnamed'
