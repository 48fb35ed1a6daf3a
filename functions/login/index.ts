/** GET /login: the form. POST /login: takes a token once and begins a session, whose cookie the browser then sends. */
import type { Context } from 'hono'
import { accessOfToken, needsToken, type Tokens } from '../_http/auth.ts'
import type { BrowserLogin } from '../_http/browser-login.ts'
import type { Node } from '../_http/node.ts'
import { loginAttempts } from './attempts.ts'
import { showForm } from './form.tsx'

export interface LoginTerms {
  node: Pick<Node, 'elapsed' | 'log'>
  tokens: Tokens
  login: BrowserLogin
}

const MOST_CHARACTERS = 512

const NOT_PRIVATE =
  'A login must not travel over a network where others can listen: use https through a proxy on this machine, an SSH tunnel, or name your network in LOGIN_NETWORKS.'

export function loginOf({ node, tokens, login }: LoginTerms) {
  const attempts = loginAttempts(() => node.elapsed())

  return {
    /** In place of a page that only who is logged in may see; 401, because a program may have asked. */
    inPlace: (c: Context): Promise<Response> => {
      const { pathname, search } = new URL(c.req.url)
      return showForm(c, { next: pathname + search, ...warningOf(login, c) }, 401)
    },
    show: async (c: Context): Promise<Response> =>
      needsToken(tokens) ? await showForm(c, { next: '/', ...warningOf(login, c) }, 200) : c.redirect('./', 303),
    enter: async (c: Context): Promise<Response> => {
      const { token = '', next } = await fieldsOf(c)
      const refused = (status: 401 | 403 | 429, error: string): Promise<Response> =>
        showForm(c, { next: ownPath(next), error }, status)
      if (!needsToken(tokens)) return c.redirect('./', 303)
      const { address, isPrivate } = login.peerOf(c)
      if (!isPrivate) return await refused(403, NOT_PRIVATE)
      const foreign = login.refusalOf(c)
      if (foreign !== null) return await refused(403, `This form was not sent by a page of this node: ${foreign}.`)
      const wait = attempts.take(address)
      if (wait > 0) {
        c.header('Retry-After', String(Math.ceil(wait / 1000)))
        return await refused(429, `Too many attempts: try again in ${Math.ceil(wait / 60_000)} minutes.`)
      }
      const access = accessOfToken(tokens, token)
      if (access === null) {
        node.log('login.refused', { address })
        return await refused(401, 'This token is not known here.')
      }
      attempts.forget(address)
      login.open(c, access)
      node.log('login.opened', { address, access })
      return c.redirect(`.${ownPath(next)}`, 303)
    },
  }
}

const warningOf = (login: BrowserLogin, c: Context): { error?: string } =>
  login.peerOf(c).isPrivate ? {} : { error: NOT_PRIVATE }

async function fieldsOf(c: Context): Promise<{ token?: string; next?: string }> {
  const form = await c.req.parseBody().catch(() => ({}) as Record<string, unknown>)
  const text = (value: unknown): string => (typeof value === 'string' ? value.trim() : '')
  return { token: text(form.token).slice(0, MOST_CHARACTERS), next: text(form.next) }
}

/** A path of this node, whatever the form said: never an address elsewhere, and no login after the login. */
function ownPath(next = '/'): string {
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(next) || next.includes('\\')) return '/'
  const url = new URL(next, 'http://node')
  if (url.host !== 'node') return '/'
  // A path that begins with two slashes once its dots are gone would lead to another host.
  const isPage = /^\/(?!\/)/.test(url.pathname) && !/^\/log(in|out)$/.test(url.pathname)
  return isPage ? url.pathname + url.search : '/'
}
