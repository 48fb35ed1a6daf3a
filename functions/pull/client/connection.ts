/** Requests to the node over kept connections: each bounded in time, and repeated with backoff while that may help. */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { EXIT, PullError } from './options.ts'
import { printable } from './proof.ts'

/** Nothing came for so long: the connection is taken for dead. */
const IDLE_MS = 30_000
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
/** Failures in a row, without a byte between them, before the pull gives up: about two minutes. */
const MOST_FAILURES = 8

export interface ConnectionTerms {
  from: URL
  token: string | null
  parallel: number
  signal: AbortSignal
  /** Ends early, by an error, when the signal aborts. */
  sleep(ms: number): Promise<void>
  idleMs?: number
}

/** A failure that may be over when the same is asked again: the network, a node that restarts, an answer that was cut. */
export class PassingError extends Error {}

export interface AskTerms {
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: string
  /** Statuses that the caller understands; any other is a failure. */
  expected: readonly number[]
}

export interface Connection {
  /** One request, not repeated. The caller takes the body, or destroys the answer. */
  ask(path: string, terms: AskTerms): Promise<IncomingMessage>
  /** A whole answer, with repeats. Throws PullError when it stays out, or is longer than `most` bytes. */
  read(path: string, terms: AskTerms, most: number): Promise<{ status: number; body: Buffer }>
  /** Runs `attempt` until it succeeds; only a PassingError is repeated. `attempt` calls `progressed` for what need not be repeated. */
  repeat<T>(what: string, attempt: (progressed: () => void) => Promise<T>): Promise<T>
  close(): void
}

export function connectTo({ from, token, parallel, signal, sleep, idleMs = IDLE_MS }: ConnectionTerms): Connection {
  const isTls = from.protocol === 'https:'
  const kept = { keepAlive: true, maxSockets: parallel + 1, scheduling: 'lifo' as const }
  const agent = isTls ? new HttpsAgent(kept) : new HttpAgent(kept)
  const send = isTls ? requestHttps : requestHttp
  const authorization = token === null ? {} : { Authorization: `Bearer ${token}` }

  const ask: Connection['ask'] = (path, { method = 'GET', headers = {}, body, expected }) =>
    new Promise((resolve, reject) => {
      const sent = send(new URL(path, from), { agent, method, signal, headers: { ...authorization, ...headers } })
      sent.setTimeout(idleMs, () => sent.destroy(new PassingError(`nothing came for ${idleMs} ms`)))
      sent.on('error', (error) => reject(signal.aborted ? error : passing(error)))
      sent.on('response', (answer) => {
        const status = answer.statusCode ?? 0
        if (expected.includes(status)) return resolve(answer)
        void refusalOf(answer, method, path).then(reject, reject)
      })
      sent.end(body)
    })

  const repeat: Connection['repeat'] = async (what, attempt) => {
    for (let failures = 0; ; ) {
      try {
        return await attempt(() => {
          failures = 0
        })
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof PassingError)) throw error
        failures += 1
        if (failures >= MOST_FAILURES)
          throw new PullError(
            EXIT.failed,
            `${what} failed ${failures} times, the last time because ${error.message}; the same command goes on from here`,
          )
        await sleep(pauseMs(failures, what))
      }
    }
  }

  return {
    ask,
    repeat,
    read: (path, terms, most) =>
      repeat(`${terms.method ?? 'GET'} ${path}`, async () => {
        const answer = await ask(path, terms)
        return { status: answer.statusCode ?? 0, body: await wholeBody(answer, path, most) }
      }),
    close: () => agent.destroy(),
  }
}

export const passing = (error: unknown): PassingError =>
  error instanceof PassingError
    ? error
    : new PassingError(error instanceof Error ? error.message || String(error.cause ?? error.name) : String(error))

/** Doubles, and differs from file to file, so that parallel requests do not come back all at once. */
function pauseMs(failures: number, what: string): number {
  const spread = [...what].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000, failures) / 1_000
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1)) * (0.5 + spread / 2)
}

async function wholeBody(answer: IncomingMessage, path: string, most: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  try {
    for await (const piece of answer as AsyncIterable<Buffer>) {
      bytes += piece.length
      if (bytes > most)
        throw new PullError(EXIT.mismatch, `${path} is longer than ${most} bytes: that is no answer of a data node`)
      pieces.push(piece)
    }
  } catch (error) {
    throw error instanceof PullError ? error : passing(error)
  }
  return Buffer.concat(pieces)
}

/** Why the node refused: passing for what a restart or a pause puts right. */
async function refusalOf(answer: IncomingMessage, method: string, path: string): Promise<Error> {
  const status = answer.statusCode ?? 0
  const text = await wholeBody(answer, path, 64 * 1024).then(String, () => '')
  const said = /"error":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? ''
  const what = `${method} ${path} returned ${status}${said === '' ? '' : ` (${printable(said)})`}`
  if (status === 408 || status === 429 || status >= 500) return new PassingError(what)
  if (status === 401 || status === 403)
    return new PullError(
      EXIT.failed,
      `${what}: give the node's DATA_NODE_READ_TOKEN here too, in that variable or by --token-file`,
    )
  return new PullError(EXIT.failed, `${what}: is this the address of a data node?`)
}
