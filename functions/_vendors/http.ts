/** One GET to a vendor: authorised, metered, bounded in time and size, and silent about secrets. */
import got from 'got'
import { type RateLimitHeaders, rateLimitHeadersOf } from './rate-limit-headers.ts'
import { type Redactor, redactorOf } from './redact.ts'
import { boundRetryAt, retryAtOf } from './retry-after.ts'
import { type Connector, type Get, type HttpAnswer, VendorError, type VendorErrorDetails } from './vendor.ts'

export type Host = 'data' | 'trading'

/** The node's budget at one of the vendor's hosts: taken before a request leaves, never given back. */
export type Acquire = (host: Host) => Promise<{ ok: true } | { ok: false; retryAt: number }>

export interface GetTerms {
  connector: Connector
  /** Scheme, host and port of the vendor, perhaps with a path in front. The key is sent to nowhere but here and the trading host. */
  baseUrl: string
  /** The vendor's second host; absent: the same as the first. */
  tradingUrl?: string | undefined
  /** Values of the connector's environment variables, by name. */
  secrets: Record<string, string>
  /** Every other secret of the node: a vendor may echo what another one was told. Absent: none. */
  otherSecrets?: readonly string[]
  acquire: Acquire
  /** Told what an answer says about the calls that are left, before anything else is done with it. */
  onHeaders?: (host: Host, said: RateLimitHeaders) => Promise<void>
  /** Told whether a host takes the key: null where it does, else what it said. Not told of an answer that says neither. */
  onKey?: (host: Host, refusal: string | null) => Promise<void>
  now: () => number
  /** Bounds the whole exchange, from the name lookup to the last byte. */
  timeoutMs?: number
  /** Bounds the body as it is after decompression. */
  maxBytes?: number
}

type Request = Parameters<Get>[0]

/**
 * The one way a connector reaches its vendor. Resolves with a 200 whose content type is JSON and whose body is not empty.
 * Throws only VendorError: `rate_limited` with status null where the budget refused (nothing was sent), `unavailable` for
 * anything the network does, `malformed` for what is no JSON, too large, or leads to another host, and the connector's own
 * judgement for every other status.
 */
export function makeGet(terms: GetTerms): Get {
  const { connector, secrets, now, timeoutMs = 30_000, maxBytes = 64 * 1024 * 1024 } = terms
  const bases: Record<Host, URL> = { data: new URL(terms.baseUrl), trading: new URL(terms.tradingUrl ?? terms.baseUrl) }
  const scrubber = redactorOf([...connector.secrets.map((name) => secrets[name] ?? ''), ...(terms.otherSecrets ?? [])])

  /** Notes what an answer says about the key; the answer, or the error, is the caller's. */
  const noted = async (host: Host, asked: Promise<HttpAnswer>): Promise<HttpAnswer> => {
    try {
      const answer = await asked
      await terms.onKey?.(host, null)
      return answer
    } catch (error) {
      if (error instanceof VendorError && error.refusesKey) await terms.onKey?.(host, error.message)
      throw error
    }
  }

  return (request) => noted(request.host ?? 'data', send(request))

  async function send(request: Request): Promise<HttpAnswer> {
    const fail = failureOf(connector.name, request, scrubber)
    const missing = connector.secrets.filter((name) => !/^[\x21-\x7e]+$/.test(secrets[name] ?? ''))
    if (missing.length > 0) {
      throw fail(
        'not_entitled',
        `nothing was sent; set ${missing.join(' and ')} to a key without spaces or line breaks`,
        { refusesKey: true },
      )
    }
    const auth = connector.authorise(secrets)
    const host = request.host ?? 'data'
    const base = bases[host]
    const url = addressOf(base, request)
    if (url === null)
      throw fail('malformed', `nothing was sent; expected the next page at ${base.origin}, was led elsewhere`)
    for (const [name, value] of Object.entries({ ...request.query, ...auth.query })) {
      // A cursor already holds every parameter but the key.
      if (request.url === undefined || name in auth.query) url.searchParams.set(name, value)
    }

    const taken = await terms.acquire(host)
    if (!taken.ok)
      throw fail('rate_limited', 'nothing was sent; the budget is spent for now', { retryAt: taken.retryAt })

    const answer = await exchange(url, auth.headers, { timeoutMs, maxBytes, fail })
    const said = rateLimitHeadersOf(answer.status, answer.headers, now())
    if (said !== null) await terms.onHeaders?.(host, said)
    return judge({ ...answer, body: scrubber.body(answer.body) }, connector, now(), fail)
  }
}

type Fail = (fault: VendorError['fault'], what: string, more?: VendorErrorDetails) => VendorError

/** Every error of this file is made here, so that nothing passes unscrubbed and no cause or URL rides along. */
function failureOf(vendor: string, request: Request, scrubber: Redactor): Fail {
  const url = request.url
  const path =
    url === undefined ? request.path : URL.canParse(url) ? new URL(url).pathname.slice(0, 200) : 'the next page'
  return (fault, what, more = {}) =>
    new VendorError(vendor, fault, scrubber.text(`GET ${path} at ${vendor}: ${what}`), {
      ...more,
      host: request.host ?? 'data',
      sample: more.sample == null || more.sample === '' ? null : scrubber.sample(more.sample),
    })
}

/** The address to ask, or null where a next_url points to another scheme, host or port, or carries a login of its own. */
function addressOf(base: URL, request: Request): URL | null {
  if (request.url === undefined) return new URL(base.origin + base.pathname.replace(/\/$/, '') + request.path)
  if (!URL.canParse(request.url)) return null
  const url = new URL(request.url)
  return url.origin === base.origin && url.username === '' && url.password === '' ? url : null
}

/** Sends and reads to the end. got's own retries, redirects and messages are off: they would spend budget or show the key. */
async function exchange(
  url: URL,
  headers: Record<string, string>,
  { timeoutMs, maxBytes, fail }: { timeoutMs: number; maxBytes: number; fail: Fail },
): Promise<HttpAnswer> {
  const stream = got.stream(url, {
    headers: { ...headers, accept: 'application/json', 'user-agent': 'data-node' },
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: true,
    // Only `request` bounds the body too; `response` would stop at the first byte.
    timeout: { request: timeoutMs },
  })
  let status: number | null = null
  let answered: Record<string, string> = {}
  stream.once(
    'response',
    (response: { statusCode: number; headers: Record<string, string | string[] | undefined> }) => {
      status = response.statusCode
      answered = Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [name, String(value ?? '')]),
      )
    },
  )
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    // The stream hands out decompressed bytes, so a small answer that unpacks to gigabytes stops here as well.
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > maxBytes) break
      chunks.push(chunk)
    }
  } catch (error) {
    const code = codeOf(error)
    throw fail('unavailable', `no whole answer (${code}${code === 'ETIMEDOUT' ? `, allowed ${timeoutMs} ms` : ''})`)
  } finally {
    stream.destroy()
  }
  if (bytes > maxBytes) {
    throw fail('malformed', `the body exceeds ${maxBytes} bytes`, {
      status,
      sample: String(chunks[0]?.subarray(0, 2000) ?? ''),
    })
  }
  if (status === null) throw fail('unavailable', 'the connection ended before an answer')
  return {
    status,
    contentType: answered['content-type'] ?? '',
    headers: answered,
    body: Buffer.concat(chunks).toString('utf8'),
  }
}

/** got's messages hold the whole URL; its codes are plain words. */
function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : 'no code'
}

function judge(answer: HttpAnswer, connector: Connector, now: number, fail: Fail): HttpAnswer {
  const { status, body } = answer
  if (status === 200 && body.trim() === '') throw fail('unavailable', '200 with an empty body', { status })
  if (status === 200 && isJson(answer.contentType)) return answer
  if (status >= 200 && status < 300) {
    if (body === '') throw fail('unavailable', `${status} without a body; expected 200 with JSON`, { status })
    const what = `expected 200 with JSON, got ${status} with ${answer.contentType || 'no content type'}`
    throw fail('malformed', what, { status, sample: body })
  }
  // A captive portal or a moved host: followed, it would be shown the key.
  if (status < 400) throw fail('unavailable', `redirected to ${hostOf(answer)}, not followed`, { status })
  const error = connector.classify(answer)
  throw fail(error.fault, error.message, {
    status,
    retryAt: retryAtOf(answer.headers['retry-after'], now) ?? boundRetryAt(error.retryAt, now),
    sample: error.sample ?? body,
    refusesKey: error.refusesKey,
  })
}

const isJson = (contentType: string): boolean => /^\s*(application|text)\/([\w.+-]+\+)?json\s*(;|$)/i.test(contentType)

function hostOf(answer: HttpAnswer): string {
  const location = answer.headers.location ?? ''
  return URL.canParse(location) ? new URL(location).host : 'another path of the same host'
}
