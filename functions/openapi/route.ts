/** What the document says of a route beside what its handler checks. */
import type { z } from 'zod'

export interface Route {
  /** One sentence. */
  summary: string
  /** Of an answer that went well; absent: 200. */
  status?: 200 | 202 | 303 | 307
  /** The JSON that it returns; absent where it returns none. */
  answer?: z.ZodType
  /** Other kinds of content that it returns, by Accept or always. */
  media?: readonly string[]
  /** A body that is a form, not JSON. */
  form?: z.ZodType
  /** A body that works on a node as it was installed. */
  example?: object
  /** Other statuses below 400. */
  others?: readonly (206 | 303 | 304 | 307)[]
  /** Refusals beside those that follow from body, access and parameters. */
  refusals?: readonly (400 | 401 | 403 | 404 | 409 | 412 | 416 | 429 | 503)[]
  /** A status at which it returns the same JSON. */
  alsoAt?: 503
}
