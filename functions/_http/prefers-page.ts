/** What a client would rather have: a page for a person, or JSON for a program, which is also for who does not say. */
import type { Context } from 'hono'
import { accepts } from 'hono/accepts'

const SUPPORTS = ['application/json', 'text/html']

/** The answer must say `Vary: Accept`. */
export const prefersPage = (c: Context): boolean =>
  accepts(c, { header: 'Accept', supports: SUPPORTS, default: 'application/json' }) === 'text/html'
