/** Fetches one blob: from where an earlier run or connection ended, and only the version that is wanted. */
import type { IncomingMessage } from 'node:http'
import { type BlobFolders, openPartial, type PartialBlob } from './blobs.ts'
import { type Connection, PassingError, passing } from './connection.ts'
import { EXIT, PullError } from './options.ts'
import type { BundleFile } from './proof.ts'

/** The node has this version no longer: the bundle was made again, or removed. */
export class VersionGone extends Error {}

/** Times that a blob is fetched whole before its hash is believed to be the node's fault. */
const MOST_MISMATCHES = 2

export interface FetchTerms {
  connection: Connection
  folders: BlobFolders
  asof: string
  /** Bytes that came over the network. */
  onBytes(bytes: number): void
}

/** Throws VersionGone; PullError with code 3 where the node's bytes have another hash, with code 1 where it cannot be reached. */
export async function fetchBlob({ connection, folders, asof, onBytes }: FetchTerms, file: BundleFile): Promise<void> {
  const path = `exports/nightly/${asof}/${file.path}`
  const partial = await openPartial(folders, file.sha256, file.bytes)
  let mismatches = 0
  try {
    await connection.repeat(path, async (progressed) => {
      if (partial.bytes < file.bytes) {
        await append(connection, path, file, partial, (bytes) => {
          progressed()
          onBytes(bytes)
        })
      }
      if (await partial.finish()) return
      mismatches += 1
      if (mismatches >= MOST_MISMATCHES)
        throw new PullError(
          EXIT.mismatch,
          `${file.path} of ${asof} came ${mismatches} times with another hash than the bundle lists; on the node, POST /export {"asof":"${asof}"} makes it anew`,
        )
      throw new PassingError(`${file.path} came with another hash`)
    })
  } finally {
    await partial.close()
  }
}

/** Asks for the rest, and appends what comes until the connection ends. Throws PassingError where that was before the end of the file. */
async function append(
  connection: Connection,
  path: string,
  { sha256, bytes }: BundleFile,
  partial: PartialBlob,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const tag = `"${sha256}"`
  const rest: Record<string, string> = partial.bytes === 0 ? {} : { Range: `bytes=${partial.bytes}-`, 'If-Range': tag }
  const answer = await connection.ask(path, {
    headers: { 'If-Match': tag, ...rest },
    expected: [200, 206, 404, 412, 416],
  })
  const begins = beginOf(answer)
  if (begins === null) {
    answer.destroy()
    if (answer.statusCode === 416) await partial.clear()
    else throw new VersionGone(path)
    throw new PassingError('the node has fewer bytes')
  }
  try {
    if (begins === 0) await partial.clear()
    if (begins !== partial.bytes)
      throw new PassingError(`the node sent bytes from ${begins} on instead of ${partial.bytes}`)
    for await (const piece of answer as AsyncIterable<Buffer>) {
      if (partial.bytes + piece.length > bytes) {
        await partial.clear()
        throw new PassingError(`the node sent more than the ${bytes} bytes that it lists`)
      }
      await partial.append(piece)
      onBytes(piece.length)
    }
  } catch (error) {
    answer.destroy()
    // What the disk refuses is no fault of the network.
    if (isOfDisk(error)) throw error
    throw passing(error)
  }
  if (partial.bytes < bytes) throw new PassingError(`the connection ended after ${partial.bytes} of ${bytes} bytes`)
}

/** The first byte that an answer carries; null where it carries none of the file. */
function beginOf(answer: IncomingMessage): number | null {
  if (answer.statusCode === 200) return 0
  if (answer.statusCode !== 206) return null
  return Number(/^bytes (\d{1,15})-/.exec(answer.headers['content-range'] ?? '')?.[1] ?? Number.NaN)
}

const isOfDisk = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && (error.syscall === 'write' || error.syscall === 'ftruncate')
