/** The frame of every page: title, links to the other pages, style and script from this node, and headers that let nothing else run. */
import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import { rootFrom } from '../_http/root-path.ts'
import { PAGE_SCRIPT } from './page-script.ts'
import { PAGE_STYLE } from './page-style.ts'

/** No script and no style but our own files: even if a vendor's words were not escaped, nothing of them could run. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** A browser keeps a file until its content changes. */
const versionOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12)
const STYLE_FILE = `assets/page.css?v=${versionOf(PAGE_STYLE)}`
const SCRIPT_FILE = `assets/page.js?v=${versionOf(PAGE_SCRIPT)}`

export interface PageTerms {
  title: string
  /** Datasets with a coverage page; absent where nobody is logged in. */
  datasets?: readonly string[]
  /** Whether there is a login to end. */
  canLogOut?: boolean
  /** Where the page's events come from, seen from the root; absent for a page that stays as it is. */
  events?: string
  children: Child
}

function Navigation({ root, path, datasets, canLogOut }: { root: string; path: string } & Partial<PageTerms>) {
  const links: [href: string, text: string][] = [
    ['', 'Status'],
    ...(datasets ?? []).map((dataset): [string, string] => [`coverage/${dataset}`, dataset]),
    ['quality', 'Quality'],
    ['vendors', 'Vendors'],
    ['history', 'History'],
    ['exports/latest', 'Latest bundle'],
    ['api', 'API'],
  ]
  return (
    <nav class="top" aria-label="Pages">
      <strong>data node</strong>
      <ul>
        {links.map(([href, text]) => (
          <li>
            <a href={`${root}${href}`} aria-current={path === `/${href}` ? 'page' : undefined}>
              {text}
            </a>
          </li>
        ))}
      </ul>
      {canLogOut && (
        <form method="post" action={`${root}logout`}>
          <button type="submit">Log out</button>
        </form>
      )}
    </nav>
  )
}

/** Sends a page. Every value in it is escaped by the template. */
export async function showPage(c: Context, terms: PageTerms, status: 200 | 401 | 403 | 429 = 200): Promise<Response> {
  const { title, datasets, canLogOut, events, children } = terms
  const root = rootFrom(c.req.path)
  c.header('Content-Security-Policy', POLICY)
  c.header('Referrer-Policy', 'same-origin')
  c.header('Cache-Control', 'private, no-cache')
  c.header('Vary', 'Accept, Cookie')
  const page = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{`${title} · data node`}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href={`${root}${STYLE_FILE}`} />
        <script src={`${root}${SCRIPT_FILE}`} defer></script>
      </head>
      <body data-events={events === undefined ? undefined : `${root}${events}`}>
        <a class="skip" href="#main">
          To the content
        </a>
        {datasets !== undefined && (
          <Navigation root={root} path={c.req.path} datasets={datasets} canLogOut={canLogOut ?? false} />
        )}
        <main id="main">{children}</main>
      </body>
    </html>
  )
  return c.html(`<!doctype html>\n${await page}`, status)
}
