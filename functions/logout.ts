/** POST /logout: ends the session of the browser that asks. */
import type { Context } from 'hono'
import type { BrowserLogin } from './_http/browser-login.ts'

export const logout =
  (login: BrowserLogin) =>
  (c: Context): Response => {
    const refusal = login.refusalOf(c)
    if (refusal !== null) return c.json({ ok: false, error: refusal }, 403)
    login.close(c)
    return c.redirect('./login', 303)
  }
