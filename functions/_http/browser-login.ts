/**
 * The session of a browser as a request shows it. A cookie counts only where nobody can listen: on loopback, in a private network that the configuration
 * names, or behind a proxy there that speaks TLS. What it is used to write must come from a page of this node.
 */
import { BlockList, isIP } from 'node:net'
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { Node } from './node.ts'
import { type Access, createSessions, SESSION_MS } from './sessions.ts'

const COOKIE = 'data_node_session'

/** Where a request comes from. */
export interface Peer {
  address: string
  /** TLS up to a proxy that is trusted to say so. */
  isSecure: boolean
  /** Whether a token or a cookie may travel on this way. */
  isPrivate: boolean
}

export interface BrowserLogin {
  /** What the browser that sends this request may do; null where it is not logged in. */
  accessOf(c: Context): Access | null
  /** Why a write must not be done on the word of a cookie; null where it may. */
  refusalOf(c: Context): string | null
  peerOf(c: Context): Peer
  open(c: Context, access: Access): void
  close(c: Context): void
}

/** `networks` in CIDR form, such as `192.168.1.0/24`, as the settings have checked them. */
export function browserLogin(node: Pick<Node, 'elapsed' | 'token'>, networks: readonly string[]): BrowserLogin {
  const sessions = createSessions({ elapsed: () => node.elapsed(), token: () => node.token() })
  const trusted = blockListOf(['127.0.0.0/8', '::1/128', ...networks])

  const login: BrowserLogin = {
    peerOf: (c) => peerOf(c, trusted),
    accessOf(c) {
      const value = getCookie(c, COOKIE)
      return value === undefined || !login.peerOf(c).isPrivate ? null : sessions.find(value)
    },
    refusalOf(c) {
      const { isSecure } = login.peerOf(c)
      const own = `${isSecure ? 'https' : 'http'}://${c.req.header('host')}`
      // Sites differ by their port too: another program of this machine may serve pages there.
      const isOurs =
        c.req.header('origin') === own && (c.req.header('sec-fetch-site') ?? 'same-origin') === 'same-origin'
      return isOurs ? null : `a logged-in browser may write from the pages of this node alone: expected Origin ${own}`
    },
    open(c, access) {
      const before = getCookie(c, COOKIE)
      if (before !== undefined) sessions.close(before)
      setCookie(c, COOKIE, sessions.open(access), {
        path: '/',
        httpOnly: true,
        sameSite: 'Strict',
        secure: login.peerOf(c).isSecure,
        maxAge: SESSION_MS / 1000,
      })
    },
    close(c) {
      const value = getCookie(c, COOKIE)
      if (value !== undefined) sessions.close(value)
      deleteCookie(c, COOKIE, { path: '/' })
    },
  }
  return login
}

function peerOf(c: Context, trusted: BlockList): Peer {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } }
  const address = (incoming?.socket?.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '')
  const family = isIP(address)
  const isNear = family !== 0 && trusted.check(address, family === 6 ? 'ipv6' : 'ipv4')
  const isSecure = isNear && c.req.header('x-forwarded-proto') === 'https'
  // A proxy is near, whoever it speaks for need not be.
  const isForwarded = ['x-forwarded-for', 'x-forwarded-proto', 'forwarded', 'via'].some((name) => c.req.header(name))
  return { address, isSecure, isPrivate: isNear && (isSecure || !isForwarded) }
}

/** The addresses of networks in CIDR form. */
export function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/')
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}
