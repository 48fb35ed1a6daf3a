/** Asks a running node to make its backup, until it is made. */
import got, { RequestError as GotError } from 'got'

export interface LiveTerms {
  url: string
  token: string | null
  to: string
  acceptNew: boolean
}

export interface LiveAnswer extends Record<string, unknown> {
  more: boolean
}

const CALL_TIMEOUT_MS = 60 * 60_000

/** One call. Throws an Error with one sentence when no node answers, or when it refuses. */
export async function askNode({ url, token, to, acceptNew }: LiveTerms): Promise<LiveAnswer> {
  const answer = await got
    .post(`${url}/backup`, {
      json: { to, acceptNew },
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      retry: { limit: 0 },
      timeout: { request: CALL_TIMEOUT_MS },
      throwHttpErrors: false,
      followRedirect: false,
      responseType: 'json',
    })
    .catch((error: unknown) => {
      const why = error instanceof GotError ? error.code : String(error)
      throw new Error(
        `the node at ${url} could not be asked (${why}): give its address with --url, or stop it; a stopped node's data is copied without it`,
      )
    })
  const body = (answer.body ?? {}) as Partial<LiveAnswer> & { error?: string }
  if (answer.statusCode === 200 && body.more !== undefined) return body as LiveAnswer
  throw new Error(body.error ?? `the node at ${url} answered with HTTP ${answer.statusCode}`)
}
