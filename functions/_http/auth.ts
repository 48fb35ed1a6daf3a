/**
 * Who may call: on loopback anyone on this machine, elsewhere only who holds a token, or a browser that has logged in with one. One token may read,
 * one may act.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import type { BrowserLogin } from './browser-login.ts'
import { prefersPage } from './prefers-page.ts'
import type { Access } from './sessions.ts'

export interface Tokens {
  /** May call everything. */
  full: string | null
  /** May GET, and acknowledge a bundle. For the training box. */
  read: string | null
}

/** What browsers need beside tokens; absent where no page is served. */
export interface Browsers {
  login: BrowserLogin
  /** The form, in place of a page that only who is logged in may see. */
  showForm(c: Context): Response | Promise<Response>
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Compares in constant time whatever the lengths are. */
const equal = (given: string, expected: string | null): boolean =>
  expected !== null && timingSafeEqual(digest(given), digest(expected))

/** What a token may do; null for one that is not known. */
export function accessOfToken(tokens: Tokens, given: string): Access | null {
  if (equal(given, tokens.full)) return 'full'
  return equal(given, tokens.read) ? 'read' : null
}

export const needsToken = ({ full, read }: Tokens): boolean => full !== null || read !== null

/** Open to every caller: how well the node is, so that a supervisor needs no token, and what a browser needs to log in. No data. */
const OPEN_PATHS: ReadonlySet<string> = new Set([
  '/livez',
  '/readyz',
  '/login',
  '/logout',
  '/assets/page.css',
  '/assets/page.js',
])

/** The one thing that a reader may write: that it has a bundle. */
const ACK_PATH = /^\/exports\/\d{4}-\d{2}-\d{2}\/ack$/

const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD'
const mayRead = (method: string, path: string): boolean => isRead(method) || (method === 'POST' && ACK_PATH.test(path))

/** What a caller must be allowed; null where the route is open. */
export function accessNeeded(method: string, path: string): Access | null {
  if (OPEN_PATHS.has(path)) return null
  return mayRead(method, path) ? 'read' : 'full'
}

export function auth(tokens: Tokens, browsers?: Browsers): MiddlewareHandler {
  return async (c, next) => {
    const { method, path } = c.req
    const needed = accessNeeded(method, path)
    if (needed === null) return await next()
    if (!needsToken(tokens)) {
      const refusal = crossSite(c.req.header('host'), c.req.header('origin'))
      return refusal ? refuse(c, 403, refusal) : await next()
    }
    const header = c.req.header('authorization')
    const access = header === undefined ? (browsers?.login.accessOf(c) ?? null) : null
    if (browsers !== undefined && access !== null) {
      if (isRead(method)) return await next()
      if (access === 'read') return refuse(c, 403, 'this login may only read: log in with DATA_NODE_TOKEN')
      const refusal = browsers.login.refusalOf(c)
      return refusal ? refuse(c, 403, refusal) : await next()
    }
    const given = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1]
    if (given === undefined) {
      c.header('WWW-Authenticate', 'Bearer')
      if (browsers !== undefined && isRead(method) && prefersPage(c)) return await browsers.showForm(c)
      return refuse(c, 401, 'send the header Authorization: Bearer <DATA_NODE_TOKEN>')
    }
    switch (accessOfToken(tokens, given)) {
      case 'full':
        return await next()
      case 'read':
        if (needed === 'read') return await next()
        return refuse(c, 403, 'this token may only read: use DATA_NODE_TOKEN to call a function')
      case null:
        return refuse(c, 401, 'this token is not known here')
    }
  }
}

const refuse = (c: Context, status: 401 | 403, error: string): Response => c.json({ ok: false, error }, status)

/** Without a token only programs of this machine may call, not a web page that a browser on it happens to show. */
function crossSite(host: string | undefined, origin: string | undefined): string | null {
  const name = host?.replace(/:\d+$/, '')
  const isLoopback = name === '127.0.0.1' || name === 'localhost' || name === '[::1]'
  if (!isLoopback) return 'without a token this node answers only to 127.0.0.1 or localhost: set DATA_NODE_TOKEN'
  if (origin !== undefined && origin !== `http://${host}`)
    return 'this node does not answer to web pages of other sites'
  return null
}
