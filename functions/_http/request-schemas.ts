/** What a handler checks of its requests, kept beside it: `/openapi.json` describes what is enforced, and no copy of it. */
import type { z } from 'zod'

export interface RequestSchemas {
  /** The JSON body. */
  body?: z.ZodType
  /** The query; absent where it is not looked at. */
  query?: z.ZodType
}

const known = new WeakMap<object, RequestSchemas>()

/** Returns the handler, which checks its requests by these schemas itself. */
export function checking<Handler extends object>(schemas: RequestSchemas, handler: Handler): Handler {
  known.set(handler, schemas)
  return handler
}

export const schemasOf = (handler: object): RequestSchemas => known.get(handler) ?? {}
