/** The node's HTTP server: where it listens, and what it says when it cannot. */
import type { Server } from 'node:http'
import { createServer } from 'node:net'
import { serve } from '@hono/node-server'
import type { Settings } from './settings.ts'

type Where = Pick<Settings, 'host' | 'port'>

/** Throws when the port is taken; asked before anything is written, so that a second start leaves no trace. */
export async function checkPort(where: Where): Promise<void> {
  const probe = createServer()
  await new Promise<void>((done, fail) => {
    probe.once('error', (error: NodeJS.ErrnoException) => fail(refusal(error, where)))
    probe.listen(where.port, where.host, done)
  })
  await new Promise((done) => probe.close(done))
}

export function listen(fetch: Parameters<typeof serve>[0]['fetch'], where: Where): Promise<Server> {
  return new Promise((done, fail) => {
    const server = serve({ fetch, hostname: where.host, port: where.port }, () => done(server)) as Server
    server.once('error', (error: NodeJS.ErrnoException) => fail(refusal(error, where)))
  })
}

function refusal(error: NodeJS.ErrnoException, { host, port }: Where): Error {
  if (error.code === 'EADDRINUSE') {
    return new Error(`port ${port} on ${host} is taken by another program: set PORT to a free one`)
  }
  return new Error(`cannot listen on ${host}:${port} (${error.code}): set HOST and PORT`)
}

/** Base address under which this machine reaches the server. */
export function addressOf(server: Server, host: string): string {
  const bound = server.address()
  const port = typeof bound === 'object' && bound ? bound.port : 0
  return `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host}:${port}`
}
