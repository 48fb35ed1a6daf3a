import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { browserLogin, type Peer } from '../../functions/_http/browser-login.ts'

const NETWORKS = ['192.168.1.0/24', 'fd00::/8']

function setup() {
  let drawn = 0
  const login = browserLogin({ elapsed: () => 0, token: () => `random-${drawn++}` }, NETWORKS)
  const app = new Hono()
  app.get('/peer', (c) => c.json(login.peerOf(c)))
  app.get('/open', (c) => {
    login.open(c, 'full')
    return c.json({ access: login.accessOf(c) })
  })
  app.get('/close', (c) => {
    login.close(c)
    return c.text('closed')
  })
  app.get('/access', (c) => c.json({ access: login.accessOf(c) }))
  app.post('/write', (c) => c.json({ refusal: login.refusalOf(c) }))
  return (path: string, headers: Record<string, string> = {}, remoteAddress: string | undefined = '127.0.0.1') =>
    app.request(
      path,
      { method: path === '/write' ? 'POST' : 'GET', headers: { host: 'node:8080', ...headers } },
      { incoming: { socket: { remoteAddress } } },
    )
}

test.each<[string, string, boolean]>([
  ['IPv4 loopback', '127.0.0.1', true],
  ['another loopback', '127.8.8.8', true],
  ['IPv6 loopback', '::1', true],
  ['IPv4 loopback as IPv6 writes it', '::ffff:127.0.0.1', true],
  ['a named network', '192.168.1.77', true],
  ['a named network as IPv6 writes it', '::ffff:192.168.1.77', true],
  ['a named network of IPv6', 'fd12:3456::1', true],
  ['a private network that is not named', '192.168.2.1', false],
  ['an address of the internet', '203.0.113.9', false],
  ['a link-local address with its zone', 'fe80::1%eth0', false],
  ['nothing', '', false],
  ['no address', 'localhost', false],
])('browser login: a cookie may travel from %s: %s, %s', async (_name, address, isPrivate) => {
  const ask = setup()
  expect(await (await ask('/peer', {}, address)).json()).toMatchObject({ isPrivate, isSecure: false })
})

test('browser login: behind a proxy on this machine only TLS is private, and a stranger cannot claim it', async () => {
  const ask = setup()
  const peer = async (headers: Record<string, string>, from?: string) =>
    (await (await ask('/peer', headers, from)).json()) as Peer
  const secure = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' }
  expect(await peer(secure)).toMatchObject({ isPrivate: true, isSecure: true })
  expect(await peer({ ...secure, 'x-forwarded-proto': 'http' })).toMatchObject({ isPrivate: false, isSecure: false })
  for (const header of ['x-forwarded-for', 'x-forwarded-proto', 'forwarded', 'via'])
    expect(await peer({ [header]: 'anything' }), header).toMatchObject({ isPrivate: false, isSecure: false })
  expect(await peer(secure, '203.0.113.9')).toMatchObject({ isPrivate: false, isSecure: false })
})

test('browser login: the cookie is out of reach of scripts and other sites, and Secure behind TLS', async () => {
  const ask = setup()
  const plain = (await ask('/open')).headers.get('set-cookie')!
  expect(plain).toMatch(/^data_node_session=random-\d+random-\d+; /)
  for (const part of ['HttpOnly', 'SameSite=Strict', 'Path=/', 'Max-Age=2592000']) expect(plain).toContain(part)
  expect(plain).not.toContain('Secure')
  expect((await ask('/open', { 'x-forwarded-proto': 'https' })).headers.get('set-cookie')).toContain('Secure')
})

test('browser login: a session opens nothing from where nobody may log in, nor after its end', async () => {
  const ask = setup()
  const cookie = (await ask('/open')).headers.get('set-cookie')!.split(';')[0]!
  const access = async (headers: Record<string, string>, from?: string) =>
    ((await (await ask('/access', headers, from)).json()) as { access: string | null }).access
  expect(await access({ cookie })).toBe('full')
  expect(await access({})).toBeNull()
  expect(await access({ cookie: `${cookie}0` })).toBeNull()
  expect(await access({ cookie }, '203.0.113.9')).toBeNull()
  expect(await access({ cookie, 'x-forwarded-for': '203.0.113.9' })).toBeNull()
  await ask('/close', { cookie })
  expect(await access({ cookie })).toBeNull()
})

test.each<[string, Record<string, string>, boolean]>([
  ['a page of this node', { origin: 'http://node:8080', 'sec-fetch-site': 'same-origin' }, true],
  ['an older browser', { origin: 'http://node:8080' }, true],
  ['behind TLS', { origin: 'https://node:8080', 'x-forwarded-proto': 'https' }, true],
  ['no origin', {}, false],
  ['the null origin', { origin: 'null' }, false],
  ['another site', { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' }, false],
  ['another port of this host', { origin: 'http://node:3000', 'sec-fetch-site': 'same-site' }, false],
  ['the same host without TLS', { origin: 'http://node:8080', 'x-forwarded-proto': 'https' }, false],
  ['an origin that begins like ours', { origin: 'http://node:8080.evil.example' }, false],
  ['a browser that says same-site', { origin: 'http://node:8080', 'sec-fetch-site': 'same-site' }, false],
  ['a browser that says none', { origin: 'http://node:8080', 'sec-fetch-site': 'none' }, false],
])('browser login: a write from %s', async (_name, headers, isAllowed) => {
  const { refusal } = (await (await setup()('/write', headers)).json()) as { refusal: string | null }
  expect(refusal === null).toBe(isAllowed)
})
