/** Who may call: on loopback anyone on this machine, elsewhere only who holds a token; one token may read, one may act. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'

export interface Tokens {
  /** May call everything. */
  full: string | null
  /** May GET, and acknowledge a bundle. For the training box. */
  read: string | null
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Compares in constant time whatever the lengths are. */
const equal = (given: string, expected: string | null): boolean =>
  expected !== null && timingSafeEqual(digest(given), digest(expected))

/** Open to every caller, so that a supervisor needs no token: they tell how well the node is, and no data. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/livez', '/readyz'])

/** The one thing that a reader may write: that it has a bundle. */
const ACK_PATH = /^\/exports\/\d{4}-\d{2}-\d{2}\/ack$/

const mayRead = (method: string, path: string): boolean =>
  method === 'GET' || method === 'HEAD' || (method === 'POST' && ACK_PATH.test(path))

export function auth(tokens: Tokens): MiddlewareHandler {
  return async (c, next) => {
    if (OPEN_PATHS.has(c.req.path)) return await next()
    if (tokens.full === null && tokens.read === null) {
      const refusal = crossSite(c.req.header('host'), c.req.header('origin'))
      return refusal ? c.json({ ok: false, error: refusal }, 403) : await next()
    }
    const given = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
    if (given === undefined) {
      c.header('WWW-Authenticate', 'Bearer')
      return c.json({ ok: false, error: 'send the header Authorization: Bearer <DATA_NODE_TOKEN>' }, 401)
    }
    if (equal(given, tokens.full)) return await next()
    if (!equal(given, tokens.read)) return c.json({ ok: false, error: 'this token is not known here' }, 401)
    if (mayRead(c.req.method, c.req.path)) return await next()
    return c.json({ ok: false, error: 'this token may only read: use DATA_NODE_TOKEN to call a function' }, 403)
  }
}

/** Without a token only programs of this machine may call, not a web page that a browser on it happens to show. */
function crossSite(host: string | undefined, origin: string | undefined): string | null {
  const name = host?.replace(/:\d+$/, '')
  const isLoopback = name === '127.0.0.1' || name === 'localhost' || name === '[::1]'
  if (!isLoopback) return 'without a token this node answers only to 127.0.0.1 or localhost: set DATA_NODE_TOKEN'
  if (origin !== undefined && origin !== `http://${host}`)
    return 'this node does not answer to web pages of other sites'
  return null
}
