/** Answers with a whole bundle as a tar: of the version that stood when it began, also when another takes its place meanwhile. */
import type { Context } from 'hono'
import type { Dt } from '../_market/dt.ts'
import type { Bundles } from './bundles.ts'
import { lookedUp, openListed } from './open-listed.ts'
import { cutOf, type Log, pieceStream } from './piece-stream.ts'
import { etagOf, isKnown } from './preconditions.ts'
import { type OpenFile, tarPieces } from './tar-pieces.ts'

/** A tar takes minutes, and its compression a core. */
const MOST_TARS = 4
const RETRY_SECONDS = 30

export type TarSender = (c: Context, asked: { asof: Dt; isZipped: boolean }) => Promise<Response>

export function tarSender(bundles: Bundles, log: Log): TarSender {
  let tars = 0
  return async (c, { asof, isZipped }) => {
    const bundle = await bundles.of(asof)
    const version = `${bundle.digest}.tar${isZipped ? '.gz' : ''}`
    c.header('ETag', etagOf(version))
    c.header('Cache-Control', 'private, no-cache')
    if (isKnown(c.req.header('If-None-Match'), version)) return c.body(null, 304)
    c.header('Content-Type', isZipped ? 'application/gzip' : 'application/x-tar')
    if (c.req.method === 'HEAD') return c.body(null)
    if (tars >= MOST_TARS) {
      c.header('Retry-After', String(RETRY_SECONDS))
      return c.json({ ok: false, error: `${tars} bundles are being sent already: ask again later` }, 503)
    }
    tars += 1
    const onClose = (): void => {
      tars -= 1
    }
    const open: OpenFile = ({ path, sha256 }) =>
      lookedUp(async () => {
        const found = await bundles.fileWithHash(asof, path, [sha256])
        if (found === null)
          throw new Error(`${path} of ${asof} was replaced and swept while the tar was sent: ask again`)
        return await openListed(found)
      })
    return c.body(pieceStream(tarPieces({ bundle, isZipped, open, onClose }), cutOf(c, log)))
  }
}
