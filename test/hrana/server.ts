/**
 * A libSQL server for tests: one database file behind SQL over HTTP (Hrana 2 and 3 as JSON), with the client's own tongue and faults on
 * demand. One connection carries out one exchange at a time, so writers wait for each other rather than being turned away.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import Database from 'libsql'
import { carryOut, type StreamRequest, type Texts } from './pipeline.ts'

export interface HranaTerms {
  file: string
  port?: number
  /** The bearer token every exchange must bring; absent for none. */
  token?: string
  /** What happens to an exchange instead of being carried out, or after it was; asked for each, with how many there were before and its body. */
  fault?: (exchange: number, body: string) => 'busy' | 'lost_answer' | 'no_answer' | null
}

export interface HranaServer {
  url: string
  port: number
  exchanges(): number
  close(): Promise<void>
}

interface PipelineBody {
  baton?: string | null
  requests: StreamRequest[]
}

export async function startHrana({ file, port = 0, token, fault = () => null }: HranaTerms): Promise<HranaServer> {
  const database = new Database(file)
  for (const pragma of ['journal_mode = WAL', 'synchronous = OFF', 'foreign_keys = ON']) database.pragma(pragma)
  const streams = new Map<string, Texts>()
  let exchanges = 0

  const pipeline = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request)
    const { baton, requests } = JSON.parse(body) as PipelineBody
    const happens = fault(exchanges++, body)
    if (happens === 'no_answer') return
    if (happens === 'busy') {
      const error = { message: 'database is locked', code: 'SQLITE_BUSY' }
      return answer(response, 200, {
        baton: null,
        base_url: null,
        results: requests.map(() => ({ type: 'error', error })),
      })
    }
    const texts: Texts = (baton ? streams.get(baton) : undefined) ?? new Map()
    const results = carryOut(database, texts, requests)
    if (baton) streams.delete(baton)
    const isOpen = !requests.some(({ type }) => type === 'close')
    // A transaction is not kept open between exchanges: nobody here needs one, and all others would have to wait for it.
    if (database.inTransaction) database.exec('ROLLBACK')
    const next = isOpen ? `stream-${exchanges}` : null
    if (next) streams.set(next, texts)
    if (happens === 'lost_answer') return void request.socket.destroy()
    answer(response, 200, { baton: next, base_url: null, results })
  }

  const server = createServer((request, response) => {
    if (token && request.headers.authorization !== `Bearer ${token}`)
      return answer(response, 401, { error: 'unauthorized' })
    if (request.method === 'GET') return answer(response, /^\/v[23]$/.test(request.url ?? '') ? 200 : 404, {})
    if (!/^\/v[23]\/pipeline$/.test(request.url ?? '')) return answer(response, 404, {})
    pipeline(request, response).catch((error: unknown) => answer(response, 400, { error: String(error) }))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const at = (server.address() as AddressInfo).port
  return {
    url: `http://127.0.0.1:${at}`,
    port: at,
    exchanges: () => exchanges,
    async close() {
      server.closeAllConnections()
      await new Promise<void>((done) => server.close(() => done()))
      database.close()
    },
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
