import { describe, expect, it } from 'vitest'
import { alpaca } from '../../../functions/_vendors/alpaca/index.ts'
import type { Get } from '../../../functions/_vendors/vendor.ts'
import { type Reply, scriptedVendor } from '../scripted-vendor.ts'

const asset = (symbol: string, more: object = {}): object => ({
  id: '904837e3-3b76-47ec-b432-046db621571b',
  class: 'us_equity',
  exchange: 'NASDAQ',
  symbol,
  name: `${symbol} Common Stock`,
  status: 'active',
  tradable: true,
  ...more,
})

async function listed(symbols: readonly string[], reply: Reply): Promise<unknown> {
  const vendor = await scriptedVendor(() => reply)
  try {
    const hosts: unknown[] = []
    const send = vendor.get(alpaca)
    const get: Get = (request) => {
      hosts.push(request.host)
      return send(request)
    }
    const wants = symbols.map((symbol) => ({ symbol, asOf: null }))
    const answer = await alpaca.references?.ask('listed', wants, get)
    expect(hosts).toEqual(['trading'])
    expect(vendor.asked.map((url) => url.pathname + url.search)).toEqual([
      '/v2/assets?status=active&asset_class=us_equity',
    ])
    return answer
  } finally {
    await vendor.close()
  }
}

describe("alpaca assets: Alpaca's list of active assets", () => {
  it('is asked once for all symbols, and states dates of none', async () => {
    const body = [asset('AAPL'), asset('BRK.B', { exchange: 'NYSE' }), asset('OLD', { status: 'inactive' })]
    expect(await listed(['AAPL', 'BRK-B', 'OLD', 'GONE'], { body })).toEqual([
      { symbol: 'AAPL', isListed: true, name: 'AAPL Common Stock', exchange: 'NASDAQ' },
      { symbol: 'BRK-B', isListed: true, name: 'BRK.B Common Stock', exchange: 'NYSE' },
      { symbol: 'OLD', isListed: false },
      { symbol: 'GONE', isListed: false },
    ])
  })

  it('passes over rows that do not parse', async () => {
    const body = [null, { symbol: 7 }, asset('AAPL', { name: null, exchange: '' })]
    expect(await listed(['AAPL'], { body })).toEqual([{ symbol: 'AAPL', isListed: true }])
  })

  it.each([
    ['an empty list', []],
    ['a list without an active asset', [asset('AAPL', { status: 'inactive' })]],
    ['an object', { assets: [] }],
  ])('is malformed as %s, so that nobody is taken for unlisted', async (_what, body) => {
    expect(await listed(['AAPL'], { body })).toMatchObject({ vendor: 'alpaca', fault: 'malformed' })
  })

  it('says why it failed and does not throw', async () => {
    expect(await listed(['AAPL'], { status: 503 })).toMatchObject({ fault: 'unavailable' })
    expect(await listed(['AAPL'], { status: 401, body: '' })).toMatchObject({ fault: 'not_entitled' })
  })
})
