/** Fetches one blob: from where an earlier run or connection ended, and only the version that is wanted. */
import type { IncomingMessage } from 'node:http'
import { type BlobFolders, openPartial, type PartialBlob } from './blobs.ts'
import { type Connection, PassingError, passing } from './connection.ts'
import { copyPart, type LocalPart } from './local-parts.ts'
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
  /** By sha256; what turns out to be damaged is taken out. */
  local: Map<string, LocalPart>
  /** Bytes that came over the network. */
  onBytes(bytes: number): void
}

/** Throws VersionGone; PullError with code 3 where the node's bytes have another hash, with code 1 where it cannot be reached. */
export async function fetchBlob(
  { connection, folders, asof, local, onBytes }: FetchTerms,
  file: BundleFile,
): Promise<void> {
  const path = `exports/nightly/${asof}/${file.path}`
  const partial = await openPartial(folders, file.sha256, file.bytes)
  let mismatches = 0
  try {
    await connection.repeat(path, async (progressed) => {
      while (partial.bytes < file.bytes) {
        const { isCopied, to } = await copyPart(partial, file, local)
        if (isCopied) continue
        await append(connection, path, { ...file, to }, partial, (bytes) => {
          progressed()
          onBytes(bytes)
        })
      }
      if (await partial.finish()) return
      mismatches += 1
      // Then all of it is the node's.
      for (const { sha256 } of file.parts ?? []) local.delete(sha256)
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

/** Asks for what follows up to `to`, and appends what comes until the connection ends. Throws PassingError where that was before. */
async function append(
  connection: Connection,
  path: string,
  { sha256, bytes, to }: BundleFile & { to: number },
  partial: PartialBlob,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const tag = `"${sha256}"`
  const last = to < bytes ? String(to - 1) : ''
  const rest: Record<string, string> =
    partial.bytes === 0 && last === '' ? {} : { Range: `bytes=${partial.bytes}-${last}`, 'If-Range': tag }
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
  const end = answer.statusCode === 206 ? to : bytes
  try {
    if (begins === 0) await partial.clear()
    if (begins !== partial.bytes)
      throw new PassingError(`the node sent bytes from ${begins} on instead of ${partial.bytes}`)
    for await (const piece of answer as AsyncIterable<Buffer>) {
      if (partial.bytes + piece.length > end) {
        await partial.clear()
        throw new PassingError(`the node sent bytes behind ${end}, where the file or what was asked of it ends`)
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
  if (partial.bytes < end) throw new PassingError(`the connection ended after ${partial.bytes} of ${end} bytes`)
}

/** The first byte that an answer carries; null where it carries none of the file. */
function beginOf(answer: IncomingMessage): number | null {
  if (answer.statusCode === 200) return 0
  if (answer.statusCode !== 206) return null
  return Number(/^bytes (\d{1,15})-/.exec(answer.headers['content-range'] ?? '')?.[1] ?? Number.NaN)
}

const isOfDisk = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && (error.syscall === 'write' || error.syscall === 'ftruncate')
