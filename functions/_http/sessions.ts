/** Who is logged in with a browser: random values that this process alone knows, few at a time, each for a bounded time. */
import { createHash } from 'node:crypto'

/** What a token, and so a session that it opened, may do. */
export type Access = 'full' | 'read'

export interface Sessions {
  /** Begins a session; the returned value is what the browser's cookie holds. */
  open(access: Access): string
  /** What the session may do; null for one that never was, has ended, or was not used for a week. */
  find(value: string): Access | null
  close(value: string): void
}

export interface SessionTerms {
  /** Milliseconds that only grow: a clock that is set ends no session and prolongs none. */
  elapsed(): number
  /** A random value nobody can guess. */
  token(): string
}

const DAY_MS = 86_400_000
const UNUSED_MS = 7 * DAY_MS
/** However often it is used. The cookie is given the same time. */
export const SESSION_MS = 30 * DAY_MS
/** Some people with some devices each; the one used longest ago makes room. */
const MOST_SESSIONS = 64

interface Session {
  access: Access
  openedAt: number
  usedAt: number
}

/** The process holds digests only: what is read out of its memory opens nothing. */
const keyOf = (value: string): string => createHash('sha256').update(value).digest('base64')

export function createSessions({ elapsed, token }: SessionTerms): Sessions {
  /** In the order of their last use. */
  const sessions = new Map<string, Session>()

  return {
    open(access) {
      const value = `${token()}${token()}`
      const now = elapsed()
      if (sessions.size >= MOST_SESSIONS) sessions.delete(sessions.keys().next().value as string)
      sessions.set(keyOf(value), { access, openedAt: now, usedAt: now })
      return value
    },
    find(value) {
      const key = keyOf(value)
      const session = sessions.get(key)
      if (session === undefined) return null
      const now = elapsed()
      sessions.delete(key)
      if (now - session.openedAt >= SESSION_MS || now - session.usedAt >= UNUSED_MS) return null
      session.usedAt = now
      sessions.set(key, session)
      return session.access
    },
    close: (value) => void sessions.delete(keyOf(value)),
  }
}
