/** GET /exports, /exports/latest and /exports/nightly/…, POST /exports/:asof/ack: finished bundles, as lists and as the files they list. Nothing else is served. */
import type { Context } from 'hono'
import { accepts } from 'hono/accepts'
import { z } from 'zod'
import { asofAt } from '../_expected/expected.ts'
import { limitParam, RequestError, readQuery, singleParam } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { checking } from '../_http/request-schemas.ts'
import { type Dt, DtText } from '../_market/dt.ts'
import { acknowledge, type Enqueue } from './acknowledge.ts'
import { summaryOf } from './bundle-listing.ts'
import { type Bundles, bundlesIn } from './bundles.ts'
import { deltaOf } from './delta.ts'
import { type FileSender, fileSender } from './file-response.ts'
import { lookedUp } from './open-listed.ts'
import { pageOf } from './page.ts'
import type { Log } from './piece-stream.ts'
import { allowedHashes } from './preconditions.ts'
import { quality } from './quality-page.tsx'
import { readBundlePath } from './request-path.ts'
import { tarSender } from './tar-response.ts'

const MOST = 1_000
const SHOWN = 30
const ListQuery = z.strictObject({
  limit: limitParam(MOST),
})
const FolderQuery = z.strictObject({ since: singleParam(DtText) })
const NO_QUERY = z.strictObject({})

type Handler = (c: Context) => Promise<Response>

/** The program that fetches bundles: its hash, or null where it is not served. */
export type ClientHash = () => Promise<{ sha256: string } | null>

export interface ExportsTerms {
  clientHash: ClientHash
  enqueue: Enqueue
  canLogOut: boolean
}

interface ExportsHandlers {
  list: Handler
  latest: Handler
  nightly: Handler
  quality: Handler
  ack: Handler
}

/** What is asked of bundles. The handlers share what they read of each. */
export function exportsOf(node: Node, { clientHash, enqueue, canLogOut }: ExportsTerms): ExportsHandlers {
  const bundles = bundlesIn(() => node.exportRoot)
  const log: Log = (event, fields) => node.log(event, fields)
  const send = fileSender(log)
  const sendTar = tarSender(bundles, log)
  return {
    ack: acknowledge(node, bundles, enqueue),
    quality: quality(node, bundles, canLogOut),
    /** The newest bundles, newest first. */
    list: checking({ query: ListQuery }, async (c: Context) => {
      const { limit = SHOWN } = readQuery(c, ListQuery)
      const latest = await bundles.latest()
      const found = await bundles.newest(limit)
      const client = await clientHash()
      return c.json({
        ok: true,
        asof: asofAt(node.now()),
        latest,
        client: client && { path: '/pull.mjs', sha256: client.sha256 },
        bundles: found.map((one) => ({ ...one, isLatest: one.asof === latest })),
      })
    }),
    /** Sends the caller to the bundle's own address: whoever goes on from there stays with one day. */
    latest: checking({ query: NO_QUERY }, async (c: Context) => {
      readQuery(c, NO_QUERY)
      const latest = await bundles.latest()
      if (latest === null) throw new RequestError(404, 'there is no latest bundle yet: POST /export makes one')
      return c.redirect(`/exports/nightly/${latest}/`, 307)
    }),
    nightly: checking({ query: FolderQuery }, async (c: Context) => {
      const path = readBundlePath(c.req.url)
      switch (path.asked) {
        case 'folder-name':
          return c.redirect(`/exports/nightly/${path.asof}/`, 307)
        case 'folder':
          return await showFolder(c, bundles, path.asof)
        case 'file':
          readQuery(c, NO_QUERY)
          return await sendFile(c, bundles, send, path)
        case 'tar':
          readQuery(c, NO_QUERY)
          return await sendTar(c, path)
        default:
          throw new Error(`expected a folder, a file or a tar, got ${path satisfies never}`)
      }
    }),
  }
}

/** What the bundle lists, or with `since` what differs from an earlier one. */
async function showFolder(c: Context, bundles: Bundles, asof: Dt): Promise<Response> {
  const { since } = readQuery(c, FolderQuery)
  const listing = await bundles.of(asof)
  if (since !== undefined)
    return c.json({ ok: true, ...summaryOf(listing), since, ...deltaOf(await bundles.of(since), listing) })
  c.header('Vary', 'Accept')
  const supports = ['application/json', 'text/html']
  if (accepts(c, { header: 'Accept', supports, default: 'application/json' }) === 'text/html') {
    c.header('Content-Security-Policy', "default-src 'none'")
    return c.html(pageOf(listing))
  }
  return c.json({ ok: true, ...summaryOf(listing), listed: [...listing.listed.values()] })
}

/** If-Match names the version: the file that has the hash is sent, or none. */
function sendFile(
  c: Context,
  bundles: Bundles,
  send: FileSender,
  { asof, path }: { asof: Dt; path: string },
): Promise<Response> {
  const hashes = allowedHashes(c.req.header('If-Match'))
  return lookedUp(async () => {
    if (hashes === null) return await send(c, await bundles.file(asof, path))
    const found = await bundles.fileWithHash(asof, path, hashes)
    if (found !== null) return await send(c, found)
    // 404 for what the bundle does not list at all.
    await bundles.file(asof, path)
    const error = `no version of ${path} of ${asof} with this hash is here any more: read SHA256SUMS again`
    return c.json({ ok: false, error }, 412)
  })
}
