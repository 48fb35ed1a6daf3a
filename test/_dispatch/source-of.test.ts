import { expect, test } from 'vitest'
import { loadConfig } from '../../config/load.ts'
import { sourceOf, type VendorSeat } from '../../functions/_dispatch/desk.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'

const { vendors } = await loadConfig({ folder: 'config', vendors: CONNECTORS.map(({ name }) => name) })

const seat = (name: string, more: Partial<VendorSeat['config']> = {}): VendorSeat => {
  const config = { ...(vendors[name] ?? vendors.alpaca!), ...more }
  const connector = CONNECTORS.find((one) => one.name === (config.connector ?? name))!
  return { name, config, connector, missing: [], get: () => () => Promise.reject(new Error('nobody is asked here')) }
}

test('two vendors are two witnesses; a second feed, a second account of one vendor and a borrowed account are not', () => {
  const second = seat('alpaca_second', { connector: 'alpaca' })
  const seats = [
    seat('alpaca'),
    seat('alpaca_iex'),
    seat('massive'),
    second,
    seat('lent', { connector: 'massive', account: 'alpaca' }),
  ]
  expect(seats.map((one) => [one.name, sourceOf({ seats }, one)])).toEqual([
    ['alpaca', 'alpaca'],
    ['alpaca_iex', 'alpaca'],
    ['massive', 'massive'],
    ['alpaca_second', 'alpaca'],
    ['lent', 'alpaca'],
  ])
})
