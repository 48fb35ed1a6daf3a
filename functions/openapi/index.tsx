/** GET /openapi.json and GET /api: every route of this node with its parameters, bodies, answers and access, for programs that make clients or tests of it, and for people. */
import type { Context } from 'hono'
import type { RouterRoute } from 'hono/types'
import { z } from 'zod'
import { datasetsOf } from '../_catalog/catalog.ts'
import { readQuery } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { checking } from '../_http/request-schemas.ts'
import { showPage } from '../_page/layout.tsx'
import { type ApiDocument, ApiPage } from './api-page.tsx'
import { documentOf } from './document.ts'

const Query = z.strictObject({})

/** `routes` are those of the router, which are complete once the first request comes. Reads nothing of the node but its version and its datasets' names. */
export function openapi(node: Node, routes: () => readonly RouterRoute[], canLogOut: boolean) {
  let document: object | undefined
  const known = (c: Context): object => {
    readQuery(c, Query)
    document ??= documentOf(routes(), node.version)
    return document
  }
  return {
    json: checking({ query: Query }, (c: Context): Response => c.json(known(c))),
    page: checking(
      { query: Query },
      (c: Context): Promise<Response> =>
        showPage(c, {
          title: 'HTTP API',
          datasets: datasetsOf(node.config).map(({ dataset }) => dataset),
          canLogOut,
          children: <ApiPage document={known(c) as ApiDocument} />,
        }),
    ),
  }
}
