/** A vendor that answers from a script over real HTTP, and the real Get that asks it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Acquire, makeGet } from '../../functions/_vendors/http.ts'
import type { Connector, Get } from '../../functions/_vendors/vendor.ts'

export const NOW = Date.UTC(2024, 5, 14, 20, 0)

/** Values that must never be seen again once they were handed in. */
export const CANARIES: Record<string, string> = {
  APCA_API_KEY_ID: 'canary-key-id-0000000001',
  APCA_API_SECRET_KEY: 'canary+secret/0000000002==',
  MASSIVE_API_KEY: 'canarymassive00000000000003',
  FRED_API_KEY: 'canaryfred0000000000000000000004',
}

export interface Reply {
  status?: number
  contentType?: string
  headers?: Record<string, string>
  body?: string | Buffer | object
}

export type Script = (url: URL, request: IncomingMessage, response: ServerResponse) => Reply | 'handled'

export type GetMore = {
  acquire?: Acquire
  timeoutMs?: number
  maxBytes?: number
  secrets?: Record<string, string>
  otherSecrets?: readonly string[]
}

export interface ScriptedVendor {
  url: string
  /** Path and query of every request, in order. */
  asked: URL[]
  requests: IncomingMessage[]
  get(connector: Connector, more?: GetMore): Get
  close(): Promise<void>
}

export const allow: Acquire = async () => ({ ok: true })

export async function scriptedVendor(script: Script): Promise<ScriptedVendor> {
  const asked: URL[] = []
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://vendor.test')
    asked.push(url)
    requests.push(request)
    const reply = script(url, request, response)
    if (reply === 'handled') return
    const { status = 200, contentType = 'application/json', headers = {}, body = '' } = reply
    response.writeHead(status, { ...(contentType === '' ? {} : { 'content-type': contentType }), ...headers })
    response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    asked,
    requests,
    get: (connector, more = {}) =>
      makeGet({ connector, baseUrl: url, secrets: CANARIES, acquire: allow, now: () => NOW, ...more }),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Answers request after request from a list; one beyond its end is a 500 that the test will notice. */
export function inOrder(replies: readonly Reply[]): Script {
  let next = 0
  return () => replies[next++] ?? { status: 500, body: { message: 'the script has ended' } }
}
