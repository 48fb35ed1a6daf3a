import { describe, expect, it } from 'vitest'
import { instantOf } from '../../../functions/_calendar/zone.ts'
import { alpaca } from '../../../functions/_vendors/alpaca/index.ts'
import { type Get, VendorError, type VendorSession } from '../../../functions/_vendors/vendor.ts'
import { type Reply, scriptedVendor } from '../scripted-vendor.ts'

const day = (date: string, open = '09:30', close = '16:00'): object => ({
  date,
  open,
  close,
  session_open: '0400',
  session_close: '2000',
  settlement_date: date,
})

async function sessions(reply: Reply): Promise<VendorSession[] | VendorError> {
  const vendor = await scriptedVendor(() => reply)
  try {
    const hosts: unknown[] = []
    const send = vendor.get(alpaca)
    const get: Get = (request) => {
      hosts.push(request.host)
      return send(request)
    }
    const found = await alpaca.sessions?.('2026-11-25', '2026-11-30', get)
    expect(hosts).toEqual(['trading'])
    expect(vendor.asked.map((url) => url.pathname + url.search)).toEqual([
      '/v2/calendar?start=2026-11-25&end=2026-11-30',
    ])
    if (found === undefined) throw new Error('Alpaca has a calendar')
    return found
  } finally {
    await vendor.close()
  }
}

describe("alpaca sessions: Alpaca's calendar", () => {
  it('gives sessions as instants, a half day too', async () => {
    const body = [day('2026-11-25'), day('2026-11-27', '09:30', '13:00'), day('2026-11-30')]
    expect(await sessions({ body })).toEqual([
      { dt: '2026-11-25', open: Date.UTC(2026, 10, 25, 14, 30), close: Date.UTC(2026, 10, 25, 21) },
      { dt: '2026-11-27', open: Date.UTC(2026, 10, 27, 14, 30), close: instantOf('2026-11-27', '13:00') },
      { dt: '2026-11-30', open: Date.UTC(2026, 10, 30, 14, 30), close: Date.UTC(2026, 10, 30, 21) },
    ])
  })

  it('may hold no session', async () => {
    expect(await sessions({ body: [] })).toEqual([])
  })

  it.each([
    ['an object', {}],
    ['no close', [{ date: '2026-11-25', open: '09:30' }]],
    ['a time with seconds', [day('2026-11-25', '09:30:00')]],
    ['an impossible time', [day('2026-11-25', '09:30', '25:00')]],
    ['an impossible day', [day('2026-02-30')]],
    ['a day that was not asked for', [day('2026-12-01')]],
    ['a close before the open', [day('2026-11-25', '16:00', '09:30')]],
  ])('is malformed with %s', async (_what, body) => {
    expect(await sessions({ body })).toMatchObject({ vendor: 'alpaca', fault: 'malformed' })
  })

  it('says why it failed and does not throw', async () => {
    const reply = { status: 422, body: { code: 42210000, message: 'invalid format for start' } }
    const refused = await sessions(reply)
    expect(refused).toBeInstanceOf(VendorError)
    const message = expect.stringContaining('422 42210000 (invalid format for start)')
    expect(refused).toMatchObject({ fault: 'malformed', status: 422, message })
    expect(await sessions({ status: 404, body: { code: 40410000, message: 'endpoint not found.' } })).toMatchObject({
      fault: 'malformed',
      status: 404,
    })
    expect(await sessions({ status: 503 })).toMatchObject({ fault: 'unavailable' })
  })

  it('throws what is a bug of ours', async () => {
    const broken: Get = async () => {
      throw new TypeError('ours')
    }
    await expect(alpaca.sessions?.('2026-11-25', '2026-11-30', broken)).rejects.toThrow(TypeError)
  })
})
