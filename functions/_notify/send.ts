/** One request to a receiver: bounded in time and size, never repeated by itself, and silent about its address. */
import got from 'got'

export interface Request {
  address: string
  method: 'GET' | 'POST'
  headers: Record<string, string>
  body?: string
  /** Aborts it when the node stops. */
  signal: AbortSignal
  /** Takes secrets out of what the receiver sent back. */
  redact(text: string): string
}

export interface Answer {
  /** Whether the receiver took it: a status of 200 to 299. */
  ok: boolean
  /** What it said, in a few words. */
  said: string
  /** How long it asks to be left alone, milliseconds; 0 where it does not say. */
  waitMs: number
}

const TIMEOUT_MS = 15_000
const MOST_BYTES = 64 * 1024
const SHOWN_CHARACTERS = 200
const LONGEST_WAIT_MS = 3_600_000

/** Never throws: what the network does is an answer too. */
export async function send({ address, method, headers, body, signal, redact }: Request): Promise<Answer> {
  let status: number | null = null
  let retryAfter: unknown
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    const stream = got.stream(address, {
      method,
      headers: { ...headers, 'user-agent': 'data-node' },
      ...(body === undefined ? {} : { body }),
      retry: { limit: 0 },
      // Followed, a redirect would lead the message elsewhere.
      followRedirect: false,
      throwHttpErrors: false,
      timeout: { request: TIMEOUT_MS },
      signal,
    })
    stream.once('response', (response: { statusCode: number; headers: Record<string, unknown> }) => {
      status = response.statusCode
      retryAfter = response.headers['retry-after']
    })
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes > MOST_BYTES) break
      }
    } finally {
      stream.destroy()
    }
  } catch (error) {
    // Its status is what counts, however its body ends.
    if (status === null) return { ok: false, said: `no answer (${codeOf(error)})`, waitMs: 0 }
  }
  if (status === null) return { ok: false, said: 'the connection ended before an answer', waitMs: 0 }
  const text = redact(Buffer.concat(chunks).toString('utf8')).replaceAll(/\s+/g, ' ').trim().slice(0, SHOWN_CHARACTERS)
  return {
    ok: status >= 200 && status < 300,
    said: `HTTP ${status}${text === '' ? '' : `: ${text}`}`,
    waitMs: /^\d+$/.test(String(retryAfter)) ? Math.min(Number(retryAfter) * 1000, LONGEST_WAIT_MS) : 0,
  }
}

/** The messages of got hold the whole address; its codes are plain words. */
function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : 'no code'
}
