/** GET /openapi.json: every route of this node with its parameters, bodies, answers and access, for programs that make clients or tests of it. */
import type { Context } from 'hono'
import type { RouterRoute } from 'hono/types'
import { z } from 'zod'
import { readQuery } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { checking } from '../_http/request-schemas.ts'
import { documentOf } from './document.ts'

const Query = z.strictObject({})

/** `routes` are those of the router, which are complete once the first request comes. Reads nothing of the node but its version. */
export function openapi(node: Node, routes: () => readonly RouterRoute[]) {
  let document: object | undefined
  return checking({ query: Query }, (c: Context): Response => {
    readQuery(c, Query)
    document ??= documentOf(routes(), node.version)
    return c.json(document)
  })
}
