import { beforeEach, expect, test } from 'vitest'
import type { Config, VendorConfig } from '../../config/schema.ts'
import { blockVendor, countFailure } from '../../db/circuits/circuits.ts'
import type { Db } from '../../db/client.ts'
import { openIncident } from '../../db/incidents/open-incident.ts'
import { noteRefusal } from '../../db/vendor-keys/vendor-keys.ts'
import type { VendorConnection } from '../../functions/_catalog/context.ts'
import { vendorReasons } from '../../functions/_runtime/vendor-health.ts'
import { connectorOf } from '../../functions/_vendors/registry.ts'
import { freshDb, NOW } from '../db/temp-db.ts'
import { shippedConfig } from '../write-config.ts'

const MINUTE = 60_000

let db: Db
let config: Config
beforeEach(async () => {
  db = await freshDb()
  config = await shippedConfig()
})

const vendorsWith = (keyless: readonly string[], change: (vendor: VendorConfig) => VendorConfig = (one) => one) =>
  Object.entries(config.vendors).map(([name, vendor]): VendorConnection => {
    const connector = connectorOf(vendor.connector ?? name)
    const missing = keyless.includes(connector.name) ? [...connector.secrets] : []
    return { name, config: change(vendor), connector, missing, get: () => () => Promise.reject(new Error('not asked')) }
  })

const reasons = (vendors = vendorsWith([])) => vendorReasons({ config, vendors, db, now: () => NOW })

test('vendor health: a node that has every key, and vendors that answer, gives no reason', async () => {
  expect(await reasons()).toEqual([])
})

test('vendor health: a dataset whose vendors are not entitled, or may not be called, has no vendor', async () => {
  const noCalls = vendorsWith([], (vendor) => ({ ...vendor, calls_per_minute: 0 }))
  expect((await reasons(noCalls)).map(({ code, about }) => [code, about])).toEqual(
    Object.keys(config.datasets).map((dataset) => ['no_vendor', dataset]),
  )
})

test('vendor health: a dataset that a vendor with a key serves lacks none of the others', async () => {
  expect((await reasons(vendorsWith(['alpaca', 'fred']))).map(({ code }) => code)).toEqual([])
  expect(await reasons(vendorsWith(['massive', 'fred']))).toMatchObject([
    { code: 'no_key', about: 'macro_treasury', todo: expect.stringContaining('set MASSIVE_API_KEY, or FRED_API_KEY') },
  ])
})

test('vendor health: a vendor is out after six failures in a row, or while it asks for a pause of more than five minutes', async () => {
  for (let failures = 0; failures < 5; failures++) await countFailure(db, 'fred', '503')
  await blockVendor(db, 'massive', NOW + 5 * MINUTE, '429')
  expect(await reasons()).toEqual([])
  await countFailure(db, 'fred', '503')
  await blockVendor(db, 'massive', NOW + 6 * MINUTE, '429')
  expect(await reasons()).toMatchObject([
    { code: 'vendor_out', about: 'fred', what: 'fred has failed 6 times in a row or more (503)' },
    { code: 'vendor_out', about: 'massive', what: 'massive is not called until 2024-07-05T21:06:00.000Z (429)' },
  ])
  // Of a vendor without its key, an old failure is no news.
  expect((await reasons(vendorsWith(['massive']))).map(({ about }) => about)).toEqual(['fred'])
})

test('vendor health: a refused key is one reason an account, not an outage of each of its vendors beside it', async () => {
  const account = { account: 'alpaca', vendors: ['alpaca', 'alpaca_iex'] }
  await noteRefusal(db, account, 'data', { why: '401', until: NOW + 15 * MINUTE, now: NOW })
  expect(await reasons()).toMatchObject([{ code: 'key_refused', about: 'alpaca', since: NOW }])
  expect((await reasons(vendorsWith(['alpaca']))).map(({ code }) => code)).not.toContain('key_refused')
})

test('vendor health: sessions that a vendor lacks are one reason a dataset', async () => {
  for (const dt of ['2024-07-02', '2024-07-03']) {
    await openIncident(db, {
      kind: 'vendor_outage',
      dataset: 'equities_bars',
      dt,
      vendor: 'alpaca',
      lacking: ['alpaca'],
      others: ['massive'],
      partition: '2024',
      firstLookAt: NOW,
      recheckAt: NOW,
      now: NOW,
    })
  }
  expect(await reasons()).toMatchObject([
    {
      code: 'incident_open',
      about: 'equities_bars alpaca',
      what: expect.stringContaining('of 2024-07-02'),
      since: NOW,
    },
  ])
})
