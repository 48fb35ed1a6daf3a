import { expect, test } from 'vitest'
import { loadConfig } from '../../config/load.ts'
import { providerOf } from '../../functions/_catalog/catalog.ts'
import type { VendorConnection } from '../../functions/_catalog/context.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'

const { vendors } = await loadConfig({ folder: 'config', vendors: CONNECTORS.map(({ name }) => name) })

const connection = (name: string, more: Partial<VendorConnection['config']> = {}): VendorConnection => {
  const config = { ...(vendors[name] ?? vendors.alpaca!), ...more }
  const connector = CONNECTORS.find((one) => one.name === (config.connector ?? name))!
  return { name, config, connector, missing: [], get: () => () => Promise.reject(new Error('nobody is asked here')) }
}

test('catalog: two vendors are two witnesses; a second feed, a second account of one vendor and a borrowed account are not', () => {
  const second = connection('alpaca_second', { connector: 'alpaca' })
  const vendors = [
    connection('alpaca'),
    connection('alpaca_iex'),
    connection('massive'),
    second,
    connection('lent', { connector: 'massive', account: 'alpaca' }),
  ]
  expect(vendors.map((one) => [one.name, providerOf({ vendors }, one)])).toEqual([
    ['alpaca', 'alpaca'],
    ['alpaca_iex', 'alpaca'],
    ['massive', 'massive'],
    ['alpaca_second', 'alpaca'],
    ['lent', 'alpaca'],
  ])
})
