import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { auth, type Tokens } from '../../functions/_http/auth.ts'

const FULL = 'full-token-0123456789'
const READ = 'read-token-0123456789'
const BOTH: Tokens = { full: FULL, read: READ }
const NONE: Tokens = { full: null, read: null }

function appWith(tokens: Tokens): Hono {
  const app = new Hono()
  app.use(auth(tokens))
  app.all('*', (c) => c.json({ ok: true }))
  return app
}

const ask = async (tokens: Tokens, path: string, init: RequestInit = {}): Promise<number> =>
  (
    await appWith(tokens).request(`http://127.0.0.1:8080${path}`, {
      ...init,
      headers: { host: '127.0.0.1:8080', ...(init.headers as Record<string, string>) },
    })
  ).status
const withHeader = (authorization: string, method = 'POST'): RequestInit => ({ method, headers: { authorization } })

test('auth: the full token may call and read', async () => {
  expect(await ask(BOTH, '/audit', withHeader(`Bearer ${FULL}`))).toBe(200)
  expect(await ask(BOTH, '/status', withHeader(`Bearer ${FULL}`, 'GET'))).toBe(200)
})

test('auth: the read token may read and nothing else', async () => {
  expect(await ask(BOTH, '/status', withHeader(`Bearer ${READ}`, 'GET'))).toBe(200)
  expect(await ask(BOTH, '/status', withHeader(`Bearer ${READ}`, 'HEAD'))).toBe(200)
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    expect(await ask(BOTH, '/audit', withHeader(`Bearer ${READ}`, method)), method).toBe(403)
  }
})

test('auth: the read token may acknowledge a bundle, by that path alone', async () => {
  const statusOf = (path: string, method = 'POST') => ask(BOTH, path, withHeader(`Bearer ${READ}`, method))
  expect(await statusOf('/exports/2025-07-08/ack')).toBe(200)
  for (const method of ['PUT', 'PATCH', 'DELETE']) expect(await statusOf('/exports/2025-07-08/ack', method)).toBe(403)
  for (const path of [
    '/exports/2025-07-08/ack/',
    '/exports/2025-07-08/ack/../../../audit',
    '/exports/../audit/ack',
    '/exports/latest/ack',
    '/exports/2025-07-08/acknowledge',
    '/x/exports/2025-07-08/ack',
    '/exports/2025-07-08/ack%00',
    '/audit?path=/exports/2025-07-08/ack',
    '/enqueue#/exports/2025-07-08/ack',
  ])
    expect(await statusOf(path), path).toBe(403)
})

test.each([
  ['an empty header', ''],
  ['the word alone', 'Bearer'],
  ['the word and a space', 'Bearer '],
  ['the token alone', FULL],
  ['another scheme', `Basic ${FULL}`],
  ['a short token', 'Bearer f'],
  ['a token cut short', `Bearer ${FULL.slice(0, -1)}`],
  ['a token with more behind it', `Bearer ${FULL}x`],
  ['a long token', `Bearer ${'x'.repeat(8_000)}`],
  ['the token in capitals', `Bearer ${FULL.toUpperCase()}`],
  ['two tokens', `Bearer ${FULL} ${FULL}`],
  ['two headers in one', `Bearer ${FULL}, Bearer ${READ}`],
])('auth: %s opens nothing', async (_name, header) => {
  for (const method of ['GET', 'POST']) expect(await ask(BOTH, '/status', withHeader(header, method))).toBe(401)
})

test('auth: no header opens nothing, and the answer says what to send', async () => {
  const answer = await appWith(BOTH).request('/status')
  expect(answer.status).toBe(401)
  expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer')
  expect(await answer.text()).toContain('DATA_NODE_TOKEN')
})

test('auth: a second space, or the word in other letters, is still the header the standard describes', async () => {
  expect(await ask(BOTH, '/audit', withHeader(`Bearer  ${FULL}`))).toBe(200)
  expect(await ask(BOTH, '/audit', withHeader(`bearer ${FULL}`))).toBe(200)
})

test('auth: a token in the query opens nothing', async () => {
  expect(await ask(BOTH, `/status?token=${FULL}&authorization=Bearer%20${FULL}`)).toBe(401)
})

test('auth: without a read token the full one is the only one, and an absent one matches nothing', async () => {
  const tokens = { full: FULL, read: null }
  expect(await ask(tokens, '/status', withHeader(`Bearer ${FULL}`, 'GET'))).toBe(200)
  for (const word of ['null', 'undefined', READ]) {
    expect(await ask(tokens, '/status', withHeader(`Bearer ${word}`, 'GET'))).toBe(401)
  }
})

test('auth: a supervisor may ask without a token whether the node lives', async () => {
  for (const path of ['/livez', '/readyz']) {
    expect(await ask(BOTH, path)).toBe(200)
    expect(await ask(NONE, path, { headers: { host: 'pi.local' } })).toBe(200)
  }
  expect(await ask(BOTH, '/livez/../status')).toBe(401)
  expect(await ask(BOTH, '/livez/')).toBe(401)
})

test.each(['127.0.0.1:8080', '127.0.0.1', 'localhost:8080', '[::1]:8080'])(
  'auth: without a token %s may call',
  async (host) => {
    expect(await ask(NONE, '/audit', { method: 'POST', headers: { host } })).toBe(200)
    expect(await ask(NONE, '/audit', { method: 'POST', headers: { host, origin: `http://${host}` } })).toBe(200)
  },
)

test.each([
  'evil.example',
  'evil.example:8080',
  '127.0.0.1.evil.example',
  'localhost.evil.example:80',
  '192.168.1.20',
  '',
])('auth: without a token the host %s is refused, as a browser would send it after DNS rebinding', async (host) => {
  expect(await ask(NONE, '/status', { headers: { host } })).toBe(403)
})

test.each(['http://evil.example', 'https://127.0.0.1:8080', 'http://127.0.0.1:9999', 'null'])(
  'auth: without a token a page of %s is refused',
  async (origin) => {
    expect(await ask(NONE, '/audit', { method: 'POST', headers: { origin } })).toBe(403)
  },
)
