/** Bytes of an open file, piece by piece. */
import type { FileHandle } from 'node:fs/promises'
import type { Pieces } from './piece-stream.ts'
import type { ByteRange } from './range.ts'

const PIECE_BYTES = 256 * 1024

/** Fails where the file ends before the range does: the client then sees that its answer is cut. `onClose` is called when the file is closed. */
export function filePieces(
  handle: FileHandle,
  { start, end }: ByteRange,
  onClose: () => void = () => undefined,
): Pieces {
  let position = start
  return {
    async next() {
      if (position > end) return null
      // Each piece is a buffer of its own: the one before may still be on its way.
      const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, end + 1 - position))
      const { bytesRead } = await handle.read(piece, 0, piece.length, position)
      if (bytesRead === 0) throw new Error(`expected ${end + 1 - position} bytes more, got the end of the file`)
      position += bytesRead
      return piece.subarray(0, bytesRead)
    },
    close: () => handle.close().finally(onClose),
  }
}
