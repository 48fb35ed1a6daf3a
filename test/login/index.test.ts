import type { Hono } from 'hono'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Node } from '../../functions/_http/node.ts'
import { createApp } from '../../functions/index.ts'

const FULL = 'full-token-0123456789'
const READ = 'read-token-0123456789'
const OWN = { host: 'node:8080', origin: 'http://node:8080', 'sec-fetch-site': 'same-origin' }
const FROM_HERE = '127.0.0.1'

let now = 0
let drawn = 0
let lines: string[] = []
let app: Hono
const appWith = (full: string | null, read: string | null = READ): Hono => {
  const node = {
    elapsed: () => now,
    token: () => `random-${drawn++}`,
    now: () => Date.parse('2025-07-08T20:30:00-04:00'),
    gate: { objection: async () => ({ code: 'disk_refuses', what: 'the disk takes nothing', todo: 'look at it' }) },
    log: (event: string, fields: object) => void lines.push(JSON.stringify({ event, ...fields })),
    disk: { noteFailure: () => undefined },
  } as unknown as Node
  return createApp(node, { full, read: full === null ? null : read }, ['192.168.1.0/24'])
}
beforeEach(() => {
  now = 0
  drawn = 0
  lines = []
  app = appWith(FULL)
})

const ask = (
  path: string,
  {
    method = 'GET',
    headers = {},
    body,
    from = FROM_HERE,
  }: { method?: string; headers?: Record<string, string>; body?: string; from?: string } = {},
) =>
  app.request(
    path,
    { method, headers: { host: 'node:8080', ...headers }, ...(body === undefined ? {} : { body }) },
    { incoming: { socket: { remoteAddress: from } } },
  )
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const enter = (token: string, { next = '/', headers = OWN as Record<string, string>, from = FROM_HERE } = {}) =>
  ask('/login', {
    method: 'POST',
    headers: { ...FORM, ...headers },
    body: new URLSearchParams({ token, next }).toString(),
    from,
  })
const cookieOf = (answer: Response): string => answer.headers.get('set-cookie')!.split(';')[0]!
const PAGE = { accept: 'text/html' }

describe('login: the form', () => {
  test('stands in place of a page, for a browser alone, and leads back to it', async () => {
    const answer = await ask('/cron?x=1', { headers: PAGE })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    const page = await answer.text()
    expect(page).toContain('name="next" value="/cron?x=1"')
    expect(page).toContain('action="./login"')
    expect(page).not.toMatch(/<script(?! src=)|\son\w+=|style=/i)
    expect((await ask('/cron')).headers.get('content-type')).toMatch(/json/)
    expect((await ask('/audit', { method: 'POST', headers: PAGE })).headers.get('content-type')).toMatch(/json/)
    expect(await (await ask('/coverage/x/y', { headers: PAGE })).text()).toContain('action="../../login"')
  })

  test('escapes what the address holds', async () => {
    const page = await (await ask('/x?"><script>alert(1)</script>', { headers: PAGE })).text()
    expect(page).not.toContain('<script>alert')
  })

  test('style and script of it need no login', async () => {
    const page = await (await ask('/login')).text()
    const files = [...page.matchAll(/(?:href|src)="\.\/(assets\/[^"]+)"/g)].map(([, path]) => `/${path}`)
    expect(files).toHaveLength(2)
    for (const file of files) expect((await ask(file)).status, file).toBe(200)
  })

  test('is not shown by a node without tokens', async () => {
    app = appWith(null)
    const answer = await ask('/login', { headers: { host: '127.0.0.1' } })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, './'])
  })
})

describe('login: a session', () => {
  test('of the full token reads and writes from the pages of this node, also while nothing else is written', async () => {
    const answer = await enter(FULL, { next: '/cron?x=1' })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, './cron?x=1'])
    const cookie = cookieOf(answer)
    expect(cookie).not.toContain(FULL)
    expect((await ask('/cron', { headers: { cookie } })).status).toBe(200)
    // The write gate refuses with 503 what may come so far.
    expect((await ask('/audit', { method: 'POST', headers: { cookie, ...OWN } })).status).toBe(503)
    for (const headers of [{}, { ...OWN, origin: 'http://evil.example' }, { ...OWN, 'sec-fetch-site': 'same-site' }])
      expect((await ask('/audit', { method: 'POST', headers: { cookie, ...headers } })).status).toBe(403)
  })

  test('of the read token reads, and writes nothing, not even an acknowledgement', async () => {
    const cookie = cookieOf(await enter(READ))
    expect((await ask('/cron', { headers: { cookie } })).status).toBe(200)
    for (const path of ['/audit', '/exports/2025-07-08/ack', '/run/night'])
      expect((await ask(path, { method: 'POST', headers: { cookie, ...OWN } })).status, path).toBe(403)
  })

  test('ends with a log-out, which no other site can ask for, and with the process', async () => {
    const cookie = cookieOf(await enter(FULL))
    const leave = (headers: Record<string, string>) =>
      ask('/logout', { method: 'POST', headers: { cookie, ...headers } })
    expect((await leave({ ...OWN, origin: 'http://evil.example' })).status).toBe(403)
    expect((await ask('/cron', { headers: { cookie } })).status).toBe(200)
    const answer = await leave(OWN)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, './login'])
    expect(answer.headers.get('set-cookie')).toMatch(/data_node_session=;.*Max-Age=0/)
    expect((await ask('/cron', { headers: { cookie } })).status).toBe(401)
    const second = cookieOf(await enter(FULL))
    app = appWith('another-token-0123456789')
    expect((await ask('/cron', { headers: { cookie: second } })).status).toBe(401)
  })

  test('counts for nothing beside a header that is wrong', async () => {
    const cookie = cookieOf(await enter(FULL))
    expect((await ask('/cron', { headers: { cookie, authorization: 'Bearer wrong' } })).status).toBe(401)
  })

  test('is not begun from elsewhere: another site, an open network, a wrong token', async () => {
    const statusOf = async (answer: Response | Promise<Response>) => {
      const { status, headers } = await answer
      expect(headers.get('set-cookie')).toBeNull()
      return status
    }
    expect(await statusOf(enter(FULL, { headers: { ...OWN, origin: 'http://evil.example' } }))).toBe(403)
    expect(await statusOf(enter(FULL, { headers: {} }))).toBe(403)
    expect(await statusOf(enter(FULL, { from: '203.0.113.9' }))).toBe(403)
    expect(await statusOf(enter(FULL, { headers: { ...OWN, 'x-forwarded-for': '203.0.113.9' } }))).toBe(403)
    for (const token of ['', 'x', `${FULL}x`, 'x'.repeat(100_000)]) {
      now += 3_600_000
      expect(await statusOf(enter(token))).toBe(401)
    }
    const json = { method: 'POST', headers: { ...OWN, 'content-type': 'application/json' }, body: '{"token":"x"}' }
    expect(await statusOf(ask('/login', json))).toBe(401)
    expect((await enter(FULL, { from: '192.168.1.7' })).status).toBe(303)
    expect(lines.join()).not.toContain(FULL)
  })

  test.each([
    ['https://evil.example/', './'],
    ['//evil.example/', './'],
    ['/\\evil.example/', './'],
    ['/x/..//evil.example/', './'],
    ['/.//evil.example', './'],
    ['javascript:alert(1)', './'],
    ['/logout', './'],
    ['/x\r\nSet-Cookie: a=b', './'],
    ['', './'],
    ['/why/equities_bars/BRK.B/2025-07-08', './why/equities_bars/BRK.B/2025-07-08'],
  ])('goes on to %j as %s', async (next, location) => {
    expect((await enter(FULL, { next })).headers.get('location')).toBe(location)
  })
})

describe('login: attempts', () => {
  test('five wrong ones of an address in five minutes are listened to, whoever asks next must wait', async () => {
    for (let attempt = 0; attempt < 5; attempt++) expect((await enter('wrong')).status).toBe(401)
    const answer = await enter(FULL)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '300'])
    expect((await enter(FULL, { from: '192.168.1.7' })).status).toBe(303)
    now += 300_000
    expect((await enter(FULL)).status).toBe(303)
  })

  test('a hundred of all addresses in five minutes are listened to', async () => {
    const from = (at: number) => `192.168.1.${at % 50}`
    for (let attempt = 0; attempt < 100; attempt++)
      expect((await enter('wrong', { from: from(attempt) })).status).toBe(401)
    expect((await enter(FULL, { from: '192.168.1.200' })).status).toBe(429)
    now += 300_000
    expect((await enter(FULL, { from: '192.168.1.200' })).status).toBe(303)
  })
})
