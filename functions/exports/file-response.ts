/** Answers with a file of a bundle, or a range of it. Only what the bundle lists comes here, and only as it lists it. */
import { constants } from 'node:fs'
import { type FileHandle, open, realpath } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import type { Context } from 'hono'
import { RequestError } from '../_http/handler.ts'
import { codeOf } from '../_lake/disk.ts'
import { identityOf, type ListedFile } from './bundle-listing.ts'
import type { FoundFile } from './bundles.ts'
import { fileStream } from './file-stream.ts'
import { etagOf, isKnown, isRangeOf } from './preconditions.ts'
import { readRange } from './range.ts'

const TYPES: Record<string, string> = {
  '.json': 'application/json',
  '.md': 'text/markdown; charset=utf-8',
  '.parquet': 'application/vnd.apache.parquet',
  '': 'text/plain; charset=utf-8',
}

/** Files that are being sent at once; each holds one of the process's open files. */
const MOST_TRANSFERS = 64
const RETRY_SECONDS = 2

export type FileSender = (c: Context, found: FoundFile) => Promise<Response>

/** The preconditions of RFC 9110 in their order; If-Match is the caller's, who chooses the file by it. */
export function fileSender(mostTransfers = MOST_TRANSFERS): FileSender {
  let transfers = 0
  return async (c, found) => {
    const { file } = found
    if (isKnown(c.req.header('If-None-Match'), file.sha256)) {
      describe(c, file)
      return c.body(null, 304)
    }
    const isHead = c.req.method === 'HEAD'
    const isPart = !isHead && isRangeOf(c.req.header('If-Range'), file.sha256)
    const range = isPart ? readRange(c.req.header('Range'), file.bytes) : 'whole'
    if (range === 'unsatisfiable') {
      c.header('Content-Range', `bytes */${file.bytes}`)
      return c.json({ ok: false, error: `the file has ${file.bytes} bytes: the range asked for lies behind them` }, 416)
    }
    if (transfers >= mostTransfers) {
      c.header('Retry-After', String(RETRY_SECONDS))
      return c.json({ ok: false, error: `${transfers} files are being sent already: ask again later` }, 503)
    }
    transfers += 1
    const done = (): void => {
      transfers -= 1
    }
    const handle = await openListed(found).catch((error: unknown) => {
      done()
      throw error
    })
    const { start, end } = range === 'whole' ? { start: 0, end: file.bytes - 1 } : range
    describe(c, file)
    c.header('Content-Type', TYPES[extname(file.path)] ?? 'application/octet-stream')
    c.header('Content-Length', String(end + 1 - start))
    if (range !== 'whole') c.header('Content-Range', `bytes ${start}-${end}/${file.bytes}`)
    if (!isHead && file.bytes > 0)
      return c.body(fileStream(handle, { start, end }, { onEnd: done }), range === 'whole' ? 200 : 206)
    await handle.close().finally(done)
    return c.body(null, 200)
  }
}

/** What a client needs to ask for the same file again, or for the rest of it. */
function describe(c: Context, { sha256 }: ListedFile): void {
  c.header('ETag', etagOf(sha256))
  c.header('Accept-Ranges', 'bytes')
  c.header('Cache-Control', 'private, no-cache')
}

/** Another bundle took the folder's place since the file was looked up: look again. */
export class BundleMoved extends Error {}

/**
 * Opens a listed file. Throws BundleMoved; RequestError 404 where it is gone, and Error where it is not what the bundle lists: a link, a folder, another size. The
 * bytes are not hashed: whoever fetches them has the hash.
 */
export async function openListed({ folder, identity, file }: FoundFile): Promise<FileHandle> {
  const path = join(folder, file.path)
  let handle: FileHandle | undefined
  try {
    // Neither the file nor a folder above it may be a link that leads out of the bundle; a pipe must not make us wait.
    const inner = await realpath(dirname(path))
    if (inner !== join(await realpath(folder), dirname(file.path)))
      throw unlisted(file.path, 'a link to another folder')
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const found = await handle.stat()
    // Only now: what took the folder's place before may have the path and the size, and other bytes.
    if ((await identityOf(folder)) !== identity) throw new BundleMoved(file.path)
    if (!found.isFile()) throw unlisted(file.path, 'no file')
    if (found.size !== file.bytes) throw unlisted(file.path, `${found.size} bytes`)
    return handle
  } catch (error) {
    await handle?.close()
    if ((await identityOf(folder)) !== identity) throw new BundleMoved(file.path)
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new RequestError(
        404,
        `${file.path} is gone: the bundle was replaced or removed, or it is damaged; GET /exports lists those there are`,
      )
    if (code === 'ELOOP') throw unlisted(file.path, 'a link')
    throw error
  }
}

const unlisted = (path: string, got: string): Error =>
  new Error(`expected the file that the bundle lists at ${path}, got ${got}: POST /export for its day makes it anew`)
