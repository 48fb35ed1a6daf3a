import { describe, expect, it, test } from 'vitest'
import { alpaca } from '../../functions/_vendors/alpaca/index.ts'
import { makeGet } from '../../functions/_vendors/http.ts'
import { rateLimitHeadersOf } from '../../functions/_vendors/rate-limit-headers.ts'
import { allow, CANARIES, NOW, scriptedVendor } from './scripted-vendor.ts'

const SECOND = 1_000
const DAY = 86_400_000
const inSeconds = (ms: number): string => String((NOW + ms) / SECOND)

describe('rate limit headers: a 429 pauses the vendor', () => {
  it.each<[string, Record<string, string>, number]>([
    ['as long as it says', { 'retry-after': '17' }, 17 * SECOND],
    ['until the date it names', { 'retry-after': new Date(NOW + 90_000).toUTCString() }, 90 * SECOND],
    ['for a day at the most', { 'retry-after': '86400' }, DAY],
    ['for a day at the most, however large the number', { 'retry-after': '9'.repeat(400) }, DAY],
    ['for some seconds, although it says none', { 'retry-after': '0' }, 5 * SECOND],
    ['for a minute when it says nothing', {}, 60 * SECOND],
    ['for a minute after nonsense', { 'retry-after': 'soon' }, 60 * SECOND],
    ['for a minute after a negative number', { 'retry-after': '-5' }, 60 * SECOND],
    ['for a minute after a date that is over', { 'retry-after': new Date(NOW - 90_000).toUTCString() }, 60 * SECOND],
    ['until its window begins anew', { 'x-ratelimit-reset': inSeconds(30_000) }, 30 * SECOND],
    ['for a minute when that instant is years away', { 'x-ratelimit-reset': '9'.repeat(12) }, 60 * SECOND],
    [
      'by its Retry-After rather than by its window',
      { 'retry-after': '7', 'x-ratelimit-reset': inSeconds(30_000) },
      7 * SECOND,
    ],
  ])('%s', (_what, headers, ms) => {
    expect(rateLimitHeadersOf(429, headers, NOW)?.pausedUntil).toBe(NOW + ms)
  })
})

describe('rate limit headers: any answer may say what is left', () => {
  it.each<[string, number, Record<string, string>, ReturnType<typeof rateLimitHeadersOf>]>([
    ['nothing is said', 200, { 'content-type': 'application/json' }, null],
    [
      'some calls',
      200,
      { 'x-ratelimit-limit': '200', 'x-ratelimit-remaining': '42' },
      { pausedUntil: null, remaining: 42, resetAt: null },
    ],
    [
      'none until the window begins anew',
      200,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': inSeconds(12_000) },
      { pausedUntil: NOW + 12_000, remaining: 0, resetAt: NOW + 12_000 },
    ],
    [
      'none, and no instant',
      200,
      { 'x-ratelimit-remaining': '0' },
      { pausedUntil: NOW + 60_000, remaining: 0, resetAt: null },
    ],
    [
      'none, and an instant that is over',
      422,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': inSeconds(-12_000) },
      { pausedUntil: NOW + 60_000, remaining: 0, resetAt: null },
    ],
    ['a negative number', 200, { 'x-ratelimit-remaining': '-1' }, null],
    ['a word', 200, { 'x-ratelimit-remaining': 'plenty' }, null],
    ['a fraction', 200, { 'x-ratelimit-remaining': '1.5' }, null],
    [
      'a vendor in trouble says when',
      503,
      { 'retry-after': '20' },
      { pausedUntil: NOW + 20_000, remaining: null, resetAt: null },
    ],
    ['a vendor in trouble does not', 503, {}, null],
  ])('%s', (_what, status, headers, expected) => {
    expect(rateLimitHeadersOf(status, headers, NOW)).toEqual(expected)
  })
})

test('rate limit headers: rate-limit headers: applied to the host they came from, before the answer is used', async () => {
  const vendor = await scriptedVendor((url) => ({
    status: url.pathname.endsWith('/clock') ? 429 : 200,
    headers: { 'X-RateLimit-Remaining': '3', 'X-RateLimit-Reset': inSeconds(8_000) },
    body: { bars: {} },
  }))
  const heard: unknown[] = []
  const get = makeGet({
    connector: alpaca,
    baseUrl: vendor.url,
    secrets: CANARIES,
    now: () => NOW,
    acquire: allow,
    onHeaders: async (host, said) => void heard.push([host, said]),
  })
  await get({ path: '/v2/stocks/bars', query: {} })
  await expect(get({ path: '/v2/clock', query: {}, host: 'trading' })).rejects.toMatchObject({ fault: 'rate_limited' })
  await vendor.close()
  expect(heard).toEqual([
    ['data', { pausedUntil: null, remaining: 3, resetAt: NOW + 8_000 }],
    ['trading', { pausedUntil: NOW + 8_000, remaining: 3, resetAt: NOW + 8_000 }],
  ])
})
