import { describe, expect, it } from 'vitest'
import { alpaca } from '../../functions/_vendors/alpaca/index.ts'
import { refusal } from './refusal.ts'
import { NOW } from './scripted-vendor.ts'

describe('retry after: when to come back', () => {
  const DAY = 86_400_000
  it.each([
    ['17', NOW + 17_000],
    ['0', NOW],
    ['86400', NOW + DAY],
    ['999999999', NOW + DAY],
    [new Date(NOW + 90_000).toUTCString(), NOW + 90_000],
    [new Date(NOW + 9 * DAY).toUTCString(), NOW + DAY],
    [new Date(NOW - 90_000).toUTCString(), null],
    ['-5', null],
    ['soon', null],
    ['', null],
    ['Infinity', null],
    ['2024', NOW + 2_024_000],
    ['12 parsecs', null],
  ])('Retry-After "%s"', async (header, expected) => {
    const error = await refusal(() => ({ status: 429, headers: { 'retry-after': header }, body: {} }))
    expect(error.fault).toBe('rate_limited')
    expect(error.retryAt).toBe(expected)
  })

  it.each([
    [String(NOW / 1000 + 30), NOW + 30_000],
    [String(NOW / 1000 - 30), null],
    ['9'.repeat(12), NOW + DAY],
    ['later', null],
  ])('X-RateLimit-Reset "%s" of Alpaca', async (header, expected) => {
    const error = await refusal(() => ({ status: 429, headers: { 'x-ratelimit-reset': header }, body: {} }), alpaca)
    expect(error.retryAt).toBe(expected)
  })
})
