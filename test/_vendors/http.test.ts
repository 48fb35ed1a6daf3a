import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { alpaca } from '../../functions/_vendors/alpaca/index.ts'
import { fred } from '../../functions/_vendors/fred/index.ts'
import { type Acquire, makeGet } from '../../functions/_vendors/http.ts'
import { massive } from '../../functions/_vendors/massive/index.ts'
import { errorOf, QUESTION, refusal } from './refusal.ts'
import { allow, CANARIES, NOW, type Script, type ScriptedVendor, scriptedVendor } from './scripted-vendor.ts'

let vendor: ScriptedVendor | undefined
let other: ScriptedVendor | undefined
beforeEach(() => {
  vendor = undefined
  other = undefined
})
afterEach(async () => {
  await vendor?.close()
  await other?.close()
})

describe('http: a request that succeeds', () => {
  it('carries the keys where this vendor wants them and asks for JSON', async () => {
    vendor = await scriptedVendor(() => ({ body: { ok: true } }))
    for (const connector of [alpaca, massive, fred]) await vendor.get(connector)(QUESTION)
    const [first, second, third] = vendor.requests
    expect(first?.headers['apca-api-key-id']).toBe(CANARIES.APCA_API_KEY_ID)
    expect(first?.headers['apca-api-secret-key']).toBe(CANARIES.APCA_API_SECRET_KEY)
    expect(second?.headers.authorization).toBe(`Bearer ${CANARIES.MASSIVE_API_KEY}`)
    expect(vendor.asked[1]?.searchParams.has('apiKey')).toBe(false)
    expect(vendor.asked[2]?.searchParams.get('api_key')).toBe(CANARIES.FRED_API_KEY)
    expect(third?.headers.accept).toBe('application/json')
    expect(third?.headers['user-agent']).toBe('data-node')
    expect(third?.headers['accept-encoding']).toContain('gzip')
    expect(third?.headers.cookie).toBeUndefined()
  })

  it('unpacks gzip and keeps a path in front of the base', async () => {
    const body = JSON.stringify({ text: 'äöü'.repeat(500) })
    vendor = await scriptedVendor(() => ({ headers: { 'content-encoding': 'gzip' }, body: gzipSync(body) }))
    const get = makeGet({
      connector: massive,
      baseUrl: `${vendor.url}/mirror/`,
      secrets: CANARIES,
      acquire: allow,
      now: () => NOW,
    })
    expect((await get(QUESTION)).body).toBe(body)
    expect(vendor.asked[0]?.pathname).toBe('/mirror/v2/things')
  })

  it('follows a next page of the same host with the key attached again', async () => {
    vendor = await scriptedVendor(() => ({ body: {} }))
    await vendor.get(massive)({ path: '/v2/things', query: { limit: '1' }, url: `${vendor.url}/v2/things?cursor=abc` })
    expect(vendor.asked[0]?.search).toBe('?cursor=abc')
    expect(vendor.requests[0]?.headers.authorization).toBe(`Bearer ${CANARIES.MASSIVE_API_KEY}`)
  })
})

describe('http: before a request leaves', () => {
  it('the budget is asked, and its refusal says when to come back and sends nothing', async () => {
    vendor = await scriptedVendor(() => ({ body: {} }))
    let taken = 0
    const acquire: Acquire = async () => {
      taken += 1
      return taken === 1 ? { ok: true } : { ok: false, retryAt: NOW + 5000 }
    }
    const get = vendor.get(massive, { acquire })
    await get(QUESTION)
    const error = await errorOf(get)
    expect(error).toMatchObject({ fault: 'rate_limited', status: null, retryAt: NOW + 5000 })
    expect(vendor.asked.length).toBe(1)
  })

  it('a missing key is named, nothing is sent and no budget is spent', async () => {
    vendor = await scriptedVendor(() => ({ body: {} }))
    const acquire: Acquire = async () => {
      throw new Error('the budget was asked')
    }
    const error = await errorOf(vendor.get(alpaca, { acquire, secrets: { APCA_API_KEY_ID: 'only-this-one' } }))
    expect(error).toMatchObject({ fault: 'not_entitled', status: null })
    expect(error.message).toContain('APCA_API_SECRET_KEY')
    expect(vendor.asked.length).toBe(0)
  })

  it.each([
    ['another host', 'http://169.254.169.254/latest/meta-data'],
    ['another port', 'http://127.0.0.1:1/v2/things'],
    ['another scheme', 'https://127.0.0.1/v2/things'],
    ['a login in the address', 'http://user:word@HOST/v2/things'],
    ['the host as a login', 'http://HOST@example.invalid/v2/things'],
    ['no address at all', '/v2/things?cursor=abc'],
  ])('a next page at %s is refused', async (_what, url) => {
    vendor = await scriptedVendor(() => ({ body: {} }))
    const led = url.replace('HOST', new URL(vendor.url).host)
    const error = await errorOf(vendor.get(massive), { ...QUESTION, url: led })
    expect(error).toMatchObject({ fault: 'malformed', status: null })
    expect(vendor.asked.length).toBe(0)
  })
})

describe('http: an answer that is no answer', () => {
  it('a redirect is not followed and only its host is named', async () => {
    other = await scriptedVendor(() => ({ body: {} }))
    const host = new URL(other.url).host
    const error = await refusal((_url) => ({
      status: 302,
      headers: { location: `http://${host}/login?back=${CANARIES.MASSIVE_API_KEY}` },
    }))
    expect(error).toMatchObject({ fault: 'unavailable', status: 302 })
    expect(error.message).toContain(host)
    expect(error.message).not.toContain('login')
    expect(other.asked.length).toBe(0)
  })

  it('a page of HTML with status 200 is malformed and its start is kept', async () => {
    const error = await refusal(() => ({ contentType: 'text/html', body: `<html>${'x'.repeat(900)}</html>` }))
    expect(error).toMatchObject({ fault: 'malformed', status: 200 })
    expect(error.sample).toMatch(/^<html>x+$/)
    expect(error.sample?.length).toBe(500)
  })

  it.each([
    [200, ''],
    [204, ''],
  ])('a %i without a body is unavailable', async (status, body) => {
    expect((await refusal(() => ({ status, body }))).fault).toBe('unavailable')
  })

  it('a part of the content (206) is malformed', async () => {
    expect((await refusal(() => ({ status: 206, body: { results: [] } }))).fault).toBe('malformed')
  })

  const cutShort: [string, Script][] = [
    [
      'shorter than announced',
      (_url, _request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' })
        response.write('{"results":[', () => response.destroy())
        return 'handled'
      },
    ],
    [
      'in the middle of a chunked body',
      (_url, _request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.write('{"results":[', () => response.destroy())
        return 'handled'
      },
    ],
    [
      'inside its gzip stream',
      () => ({
        headers: { 'content-encoding': 'gzip' },
        body: gzipSync(JSON.stringify(Array.from({ length: 500 }, (_, i) => i * 7919))).subarray(0, 300),
      }),
    ],
    ['as bytes that are no gzip', () => ({ headers: { 'content-encoding': 'gzip' }, body: Buffer.from('plain text') })],
    [
      'before the first byte',
      (_url, request) => {
        request.socket.destroy()
        return 'handled'
      },
    ],
  ]
  it.each(cutShort)('a body cut %s is unavailable, and asked for once only', async (_how, script) => {
    const error = await refusal(script)
    expect(error.fault).toBe('unavailable')
  })

  it('a server that is not there is unavailable', async () => {
    vendor = await scriptedVendor(() => ({ body: {} }))
    const get = vendor.get(massive)
    await vendor.close()
    vendor = undefined
    const error = await errorOf(get)
    expect(error).toMatchObject({ fault: 'unavailable', status: null })
    expect(error.message).toContain('ECONNREFUSED')
  })

  it('a body that never ends is given up after the time allowed for the whole of it', async () => {
    const error = await refusal(
      (_url, _request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        const drip = setInterval(() => response.write(' '), 20)
        response.on('close', () => clearInterval(drip))
        return 'handled'
      },
      massive,
      { timeoutMs: 200 },
    )
    expect(error.fault).toBe('unavailable')
    expect(error.message).toContain('ETIMEDOUT')
  })

  it('a server that takes the question and says nothing is given up', async () => {
    const error = await refusal(() => 'handled', massive, { timeoutMs: 100 })
    expect(error.fault).toBe('unavailable')
  })

  /** A body that goes on for ever after its first bytes: only a count on the way can stop it. */
  const endless =
    (headers: Record<string, string>, first: Buffer): Script =>
    (_url, _request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', ...headers })
      response.write(first)
      return 'handled'
    }

  it('a body larger than allowed is stopped on the way', async () => {
    const error = await refusal(endless({}, Buffer.alloc(300_000, 'x')), massive, { maxBytes: 100_000 })
    expect(error).toMatchObject({ fault: 'malformed', status: 200 })
    expect(error.message).toContain('100000')
  })

  it('a small body that unpacks to a huge one is stopped on the way', async () => {
    const whole = gzipSync(Buffer.alloc(50_000_000, 0x20))
    expect(whole.length).toBeLessThan(100_000)
    const bomb = endless({ 'content-encoding': 'gzip' }, whole.subarray(0, -100))
    const error = await refusal(bomb, massive, { maxBytes: 100_000 })
    expect(error).toMatchObject({ fault: 'malformed', status: 200 })
  })

  it.each([429, 500, 503])('a %i is asked once only: the queue retries, nobody else', async (status) => {
    await refusal(() => ({ status, headers: { 'retry-after': '0' }, body: {} }))
  })
})
