/** A real local receiver of messages and pings: it keeps what it got, and answers as it is told to. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  method: string
  path: string
  headers: Record<string, string | string[] | undefined>
  body: string
}

export interface Receiver {
  /** With a path that nobody can guess. */
  url: string
  received: Received[]
  /** What each message said: event, state, summary. */
  said(): { event: string; state: string; summary: string }[]
  /** How it answers from now on; a function is called with each request before it is answered. */
  answer(status: number, body?: string, headers?: Record<string, string>): void
  /** Called with each request; while its promise is open, nothing is answered. */
  onRequest: (() => void | Promise<void>) | null
  close(): Promise<void>
}

export const SECRET_PATH = 'a-secret-topic-0123456789'

export async function startReceiver(): Promise<Receiver> {
  let given: { status: number; body: string; headers: Record<string, string> } = { status: 200, body: '', headers: {} }
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { method = '', url: path = '', headers } = request
    received.push({ method, path, headers, body })
    await receiver.onRequest?.()
    response.writeHead(given.status, given.headers).end(given.body)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${SECRET_PATH}`,
    received,
    said: () =>
      received.map(({ body }) => {
        const { event, state, summary } = JSON.parse(body) as Record<'event' | 'state' | 'summary', string>
        return { event, state, summary }
      }),
    answer: (status, body = '', headers = {}) => {
      given = { status, body, headers }
    },
    onRequest: null,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(() => done())
      }),
  }
  return receiver
}
