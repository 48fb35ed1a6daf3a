/** Streams bytes of an open file: piece by piece as the client takes them, and closes the file however it ends. */
import type { FileHandle } from 'node:fs/promises'
import type { ByteRange } from './range.ts'

const PIECE_BYTES = 256 * 1024
/** A client that takes nothing for so long is gone: what it holds is needed by others. */
const STALL_MS = 120_000

export interface StreamTerms {
  stallMs?: number
  /** Called once, when the file is closed. */
  onEnd?: () => void
}

/** The stream fails where the file ends before the range does: the client then sees that its answer is cut. */
export function fileStream(
  handle: FileHandle,
  { start, end }: ByteRange,
  { stallMs = STALL_MS, onEnd = () => undefined }: StreamTerms = {},
): ReadableStream<Uint8Array> {
  let position = start
  let stall: NodeJS.Timeout | undefined
  let isOpen = true
  const close = async (): Promise<void> => {
    clearTimeout(stall)
    if (!isOpen) return
    isOpen = false
    await handle.close().finally(onEnd)
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(stall)
        try {
          // Each piece is a buffer of its own: the one before may still be on its way.
          const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, end + 1 - position))
          const { bytesRead } = await handle.read(piece, 0, piece.length, position)
          if (bytesRead === 0) throw new Error(`expected ${end + 1 - position} bytes more, got the end of the file`)
          // Cancelled while it read: nobody takes the piece any more.
          if (!isOpen) return
          position += bytesRead
          controller.enqueue(piece.subarray(0, bytesRead))
          if (position <= end) {
            stall = setTimeout(() => {
              controller.error(new Error(`the client took nothing for ${stallMs} ms`))
              void close().catch(() => undefined)
            }, stallMs).unref()
            return
          }
          controller.close()
          await close()
        } catch (error) {
          if (isOpen) controller.error(error)
          await close().catch(() => undefined)
        }
      },
      cancel: close,
    },
    // Nothing is read before somebody asks.
    { highWaterMark: 0 },
  )
}
