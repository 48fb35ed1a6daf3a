import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../config/load.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import { folderMarket, inventedMarket } from './lab-market.ts'

const market = async () => {
  const config = await loadConfig({ folder: 'config', vendors: CONNECTORS.map(({ name }) => name) })
  return inventedMarket(7, config, '2024-03-08')
}

test('lab market: a ticker that no universe lists has the same bars at both vendors', async () => {
  const { alpaca, massive } = await market()
  const bars = alpaca?.daily('COST', '2024-03-04', '2024-03-08') ?? []
  expect(bars).toHaveLength(5)
  expect(massive?.daily('COST', '2024-03-04', '2024-03-08')).toEqual(bars)
  expect(alpaca?.daily('LLY', '2024-03-04', '2024-03-08')).not.toEqual(bars)
})

test('lab market: what is no ticker has no bars, and a listed company lives as long as its entry says', async () => {
  const { alpaca } = await market()
  for (const symbol of ['TOOLONG', 'abc', 'A1', ''])
    expect(alpaca?.daily(symbol, '2024-03-04', '2024-03-08')).toEqual([])
  expect(alpaca?.daily('ATVI', '2024-03-04', '2024-03-08')).toEqual([])
})

test('lab market: it has splits, dividends and options of the configured underliers', async () => {
  const { actions, options } = await market()
  const kinds = new Set(actions?.alpaca?.actions().map(({ kind }) => kind))
  expect([...kinds].sort()).toEqual(['dividend', 'name-change', 'split'])
  expect(options?.alpaca?.contracts('SPY').length).toBeGreaterThan(0)
})

test('lab market: a folder without anything to serve is refused with what it may hold', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'data-node-lab-market-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  expect(() => folderMarket(1, folder)).toThrow(/--data .* holds nothing to serve: give a folder with bars\//)
})
