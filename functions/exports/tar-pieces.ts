/** A whole bundle as one tar stream: always in the same order and with the same bytes, the proof last. */
import { pipeline, Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { type Pack, pack } from 'tar-stream'
import { MANIFEST, SUMS } from '../_lake/finished-bundles.ts'
import type { BundleListing, ListedFile } from './bundle-listing.ts'
import { filePieces } from './file-pieces.ts'
import type { Pieces } from './piece-stream.ts'

/** Opens a file of the version that is sent, wherever it lies by now. */
export type OpenFile = (file: ListedFile) => Promise<Parameters<typeof filePieces>[0]>

export interface TarTerms {
  bundle: BundleListing
  isZipped: boolean
  open: OpenFile
  onClose(): void
}

/** Parquet files are compressed already: the fastest level does what is left to do. */
const GZIP_LEVEL = 1

export function tarPieces({ bundle, isZipped, open, onClose }: TarTerms): Pieces {
  const tar = pack()
  const fed = feed(tar, bundle, open).catch((error: unknown) => tar.destroy(asError(error)))
  const plain = Readable.from(tar)
  // A failure reaches the reader of the last of the streams.
  const sent = isZipped ? pipeline(plain, createGzip({ level: GZIP_LEVEL }), () => undefined) : plain
  const iterator = (sent as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
  return {
    async next() {
      const { done, value } = await iterator.next()
      return done ? null : value
    },
    async close() {
      for (const stream of [sent, plain, tar]) stream.on('error', () => undefined).destroy()
      await fed
      onClose()
    },
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

/** Whoever unpacks half a tar has no SHA256SUMS. */
function inOrder({ listed }: BundleListing): ListedFile[] {
  const rank = ({ path }: ListedFile): number => (path === SUMS ? 2 : path === MANIFEST ? 1 : 0)
  return [...listed.values()].sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1))
}

/** One file is open at a time, and is closed when the reader leaves. */
async function feed(tar: Pack, bundle: BundleListing, open: OpenFile): Promise<void> {
  const mtime = new Date(bundle.generatedAt)
  for (const file of inOrder(bundle)) {
    const pieces = filePieces(await open(file), { start: 0, end: file.bytes - 1 })
    try {
      const entry = tar.entry({ name: `${bundle.asof}/${file.path}`, size: file.bytes, mode: 0o444, mtime })
      const closed = new Promise<void>((done) => entry.once('close', done))
      for (let piece = await pieces.next(); piece !== null; piece = await pieces.next()) {
        if (!entry.write(piece)) await Promise.race([new Promise((done) => entry.once('drain', done)), closed])
        if (tar.destroyed) return
      }
      entry.end()
      await closed
    } finally {
      await pieces.close()
    }
  }
  tar.finalize()
}
