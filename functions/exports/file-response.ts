/** Answers with a file of a bundle, or a range of it. Only what the bundle lists comes here, and only as it lists it. */
import { extname } from 'node:path'
import type { Context } from 'hono'
import type { ListedFile } from './bundle-listing.ts'
import type { FoundFile } from './bundles.ts'
import { filePieces } from './file-pieces.ts'
import { openListed } from './open-listed.ts'
import { cutOf, type Log, pieceStream } from './piece-stream.ts'
import { etagOf, isKnown, isRangeOf } from './preconditions.ts'
import { readRange } from './range.ts'

const TYPES: Record<string, string> = {
  '.json': 'application/json',
  '.md': 'text/markdown; charset=utf-8',
  '.parquet': 'application/vnd.apache.parquet',
  '.svg': 'image/svg+xml',
  '': 'text/plain; charset=utf-8',
}

/** Files that are being sent at once; each holds one of the process's open files. */
const MOST_TRANSFERS = 64
const RETRY_SECONDS = 2

export type FileSender = (c: Context, found: FoundFile) => Promise<Response>

/** The preconditions of RFC 9110 in their order; If-Match is the caller's, who chooses the file by it. */
export function fileSender(log: Log, mostTransfers = MOST_TRANSFERS): FileSender {
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
      return c.body(pieceStream(filePieces(handle, { start, end }, done), cutOf(c, log)), range === 'whole' ? 200 : 206)
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
