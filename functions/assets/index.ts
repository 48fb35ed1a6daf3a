/** GET /assets/page.css and GET /assets/page.js: style and script of all pages, the same for everybody. */
import type { Context } from 'hono'
import { PAGE_SCRIPT } from '../_page/page-script.ts'
import { PAGE_STYLE } from '../_page/page-style.ts'

const show =
  (kind: string, text: string) =>
  (c: Context): Response => {
    // The address has a version in it.
    c.header('Cache-Control', 'public, max-age=31536000, immutable')
    c.header('Content-Type', `${kind}; charset=utf-8`)
    return c.body(text)
  }

export const pageStyle = show('text/css', PAGE_STYLE)
export const pageScript = show('text/javascript', PAGE_SCRIPT)
