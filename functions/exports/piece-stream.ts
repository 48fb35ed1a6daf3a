/** An answer made of pieces: each is made when the client takes it, and what makes them is closed however the answer ends. */
import type { ServerResponse } from 'node:http'
import type { Context } from 'hono'

/** A client that takes nothing for so long is gone: what it holds is needed by others. */
const STALL_MS = 120_000

export interface Pieces {
  /** Null after the last. */
  next(): Promise<Uint8Array | null>
  /** Called once. */
  close(): Promise<void>
}

export type Log = (event: string, fields: Record<string, unknown>) => void

/** Ends an answer that failed, so that the client sees that it is cut; false where that is not possible from outside. */
export type Cut = (error: unknown) => boolean

/**
 * Cuts the connection itself and logs why. The server's own way is to send the error as text, which a client would take for bytes of the file.
 */
export const cutOf =
  (c: Context, log: Log): Cut =>
  (error) => {
    log('exports.cut', { path: c.req.path, error })
    const { outgoing } = (c.env ?? {}) as { outgoing?: ServerResponse }
    outgoing?.destroy()
    return outgoing !== undefined
  }

export function pieceStream(pieces: Pieces, cut: Cut, stallMs = STALL_MS): ReadableStream<Uint8Array> {
  let stall: NodeJS.Timeout | undefined
  let isOpen = true
  const close = async (): Promise<void> => {
    clearTimeout(stall)
    if (!isOpen) return
    isOpen = false
    await pieces.close()
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(stall)
        try {
          const piece = await pieces.next()
          // Cancelled meanwhile: nobody takes the piece any more.
          if (!isOpen) return
          if (piece === null) {
            controller.close()
            await close()
            return
          }
          controller.enqueue(piece)
          stall = setTimeout(() => {
            const error = new Error(`the client took nothing for ${stallMs} ms`)
            if (!cut(error)) controller.error(error)
            void close().catch(() => undefined)
          }, stallMs).unref()
        } catch (error) {
          const isFault = isOpen
          await close().catch(() => undefined)
          if (isFault && !cut(error)) controller.error(error)
        }
      },
      cancel: close,
    },
    // Nothing is made before somebody asks.
    { highWaterMark: 0 },
  )
}
