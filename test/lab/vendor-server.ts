/** One lab vendor as a real HTTP server: counts, refuses, dies and misbehaves; what it says comes from its dialect. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { DatasetName } from '../../functions/_market/cell.ts'
import type { Dt } from '../../functions/_market/dt.ts'
import { corrupt, type Delivery, type FaultMode } from './fault-modes.ts'
import { RateWindow } from './rate-window.ts'
import { type Dialect, json, type Question, Refusal, type Reply, reply } from './reply.ts'

const compress = promisify(gzip)
/** Shorter bodies are sent as they are, like the vendors do. */
const GZIP_FROM_BYTES = 256

export interface VendorStats {
  /** Requests received, refused and reset ones too. */
  calls: number
  /** Bars or observations sent. */
  rows: number
  /** Requests beyond the rate limit. */
  violations: number
  /** Answers by status; a reset connection counts as 0. */
  byStatus: Record<number, number>
}

export interface LabVendor {
  /** Base URL without a trailing slash. */
  url: string
  stats(): VendorStats
  /** From now on every connection is reset. */
  kill(): void
  /** Alive again, and no longer due to die. */
  revive(): void
  /** The next requests are answered in this manner; null ends it. */
  fault(next: FaultMode | null): void
}

export interface VendorServer extends LabVendor {
  close(): Promise<void>
}

export interface VendorTerms {
  dialect: Dialect
  now: () => number
  perMinute: number
  /** 0: any free one. */
  port: number
  /** Whether a 429 says when to come back. */
  retryAfter: boolean
  deaths: { dataset: DatasetName; dt: Dt; until?: Dt }[]
  dead: boolean
  onDeath: () => void
  /** Told of every answer as it is sent, resets left out. */
  onAnswer?: ((answer: SentAnswer) => void) | undefined
}

/** What went out for one request. */
export interface SentAnswer {
  path: string
  query: URLSearchParams
  status: number
  body: string
}

type Death = VendorTerms['deaths'][number]

const isDue = (death: Death, reach: { dataset: DatasetName; dt: Dt }): boolean =>
  death.dataset === reach.dataset && death.dt <= reach.dt && (death.until === undefined || reach.dt <= death.until)

/** Starts the server on its port of 127.0.0.1. */
export async function openVendor(terms: VendorTerms): Promise<VendorServer> {
  const { dialect, now } = terms
  const windows = new Map<string, RateWindow>()
  const windowOf = (question: Question): RateWindow => {
    const name = dialect.budget?.(question) ?? ''
    const window = windows.get(name) ?? new RateWindow(terms.perMinute)
    windows.set(name, window)
    return window
  }
  const stats: VendorStats = { calls: 0, rows: 0, violations: 0, byStatus: {} }
  let deaths = terms.deaths
  let dead = terms.dead
  let mode: FaultMode | null = null
  let modeLeft = Number.POSITIVE_INFINITY
  let url = ''

  const decide = (request: IncomingMessage): Delivery => {
    const at = now()
    stats.calls++
    const target = request.url ?? '/'
    // Split by hand: URL would throw on the odd targets a broken client may send.
    const [path = '', ...search] = target.split('?')
    const query = new URLSearchParams(search.join('?'))
    const question = { path, query, headers: request.headers, target, now: at, baseUrl: url }
    const window = windowOf(question)
    const admitted = window.admit(at)
    if (!admitted) stats.violations++
    if (dead) return { reply: reply(0, '', ''), reset: true }
    const tooMany = dialect.tooMany(question)
    if (!admitted) {
      const headers = terms.retryAfter ? { 'Retry-After': String(window.retryAfterSeconds(at)) } : tooMany.headers
      return { reply: { ...tooMany, headers } }
    }
    const honest = request.method === 'GET' ? ask(() => dialect.answer(question)) : json(405, { message: 'GET only' })
    const reach = honest.reach
    if (reach && deaths.some((death) => isDue(death, reach))) {
      dead = true
      terms.onDeath()
      return { reply: reply(0, '', ''), reset: true }
    }
    if (mode === null || modeLeft <= 0) return { reply: honest }
    modeLeft--
    return corrupt(honest, mode, tooMany, question)
  }

  const server = createServer((request, response) => {
    // The lab's vendors read no bodies; one that is left unread would block the next request of a kept connection.
    request.resume()
    const delivery = decide(request)
    const status = delivery.reset ? 0 : delivery.reply.status
    stats.byStatus[status] = (stats.byStatus[status] ?? 0) + 1
    stats.rows += delivery.reply.rows
    const [path = '', ...search] = (request.url ?? '/').split('?')
    const { body } = delivery.reply
    if (!delivery.reset) terms.onAnswer?.({ path, query: new URLSearchParams(search.join('?')), status, body })
    send(request, response, delivery).catch(() => response.destroy())
  })
  // A client that keeps its connections must not meet a close in the very moment it asks again.
  server.keepAliveTimeout = 120_000

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(terms.port, '127.0.0.1', resolve)
  })
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    url,
    stats: () => ({ ...stats, byStatus: { ...stats.byStatus } }),
    kill() {
      dead = true
    },
    revive() {
      dead = false
      deaths = []
    },
    fault(next) {
      mode = next
      modeLeft = next?.requests ?? Number.POSITIVE_INFINITY
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** A handler's answer; a refusal is one too, and a broken source says so in a 500 that names the lab. */
function ask(answer: () => Reply): Reply {
  try {
    return answer()
  } catch (error) {
    if (error instanceof Refusal) return error.reply
    return json(500, { message: `vendor lab: ${error instanceof Error ? error.message : String(error)}` })
  }
}

async function send(request: IncomingMessage, response: ServerResponse, delivery: Delivery): Promise<void> {
  if (delivery.reset) {
    request.socket.resetAndDestroy()
    return
  }
  const { status, type, body, headers } = delivery.reply
  let bytes: Buffer = Buffer.from(body)
  const accepted = bytes.length > GZIP_FROM_BYTES && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  const zipped = accepted || delivery.gzipCut === true
  if (zipped) bytes = await compress(bytes, { level: 1 })
  if (delivery.gzipCut) bytes = bytes.subarray(0, bytes.length >> 1)
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': bytes.length,
    ...(zipped ? { 'Content-Encoding': 'gzip' } : {}),
    ...headers,
  })
  if (delivery.truncated) {
    response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy())
    return
  }
  if (delivery.pauseMs === undefined) {
    response.end(bytes)
    return
  }
  response.write(bytes.subarray(0, bytes.length >> 1))
  const rest = setTimeout(() => response.end(bytes.subarray(bytes.length >> 1)), delivery.pauseMs)
  response.once('close', () => clearTimeout(rest))
}
