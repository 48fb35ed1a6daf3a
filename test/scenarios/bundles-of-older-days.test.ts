import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { sha256 } from '../../functions/_lake/digest.ts'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { bundleFolder } from '../../functions/_lake/paths.ts'
import type { Dt } from '../../functions/_market/dt.ts'
import { withRevisions } from '../lab/fred-vintages.ts'
import { syntheticYields } from '../lab/synthetic.ts'
import { type ActionNights, dividend, FROM, openActionNights, split } from './action-nights.ts'

vi.setConfig({ testTimeout: 240_000 })

const DEPTH = { depth: { from: FROM } }
const DAY = '2013-12-20'

const open = (): Promise<ActionNights> =>
  openActionNights({
    symbols: ['SPY'],
    vendors: { alpaca: {}, fred: {} },
    datasets: {
      corporate_actions: DEPTH,
      macro_treasury: { ...DEPTH, restate: { sessions: [1, 3] } },
      equities_bars: DEPTH,
    },
    yields: withRevisions(syntheticYields(7), { DGS10: [{ date: '2013-12-18', value: '9.99', from: '2013-12-23' }] }),
  })

/** sha256 of each data file of a bundle, by path. */
async function hashes(nights: ActionNights, dt: Dt): Promise<Record<string, string>> {
  const { files } = (await nights.manifest(dt)) as { files: { path: string; sha256: string }[] }
  const data = files.filter(({ path }) => /^(curated|tables)\//.test(path) && !path.endsWith('condition.parquet'))
  return Object.fromEntries(data.map(({ path, sha256: hash }) => [path, hash]))
}

const rowsOf = async ({ bare: { node } }: ActionNights, dt: Dt, path: string, columns: string) =>
  (
    await node.lake.duck.all(
      `SELECT ${columns} FROM ${readParquet(join(bundleFolder(node.lake.exportRoot, dt), path))} ORDER BY ALL`,
    )
  ).map((row) => Object.values(row).join(' '))
const ACTIONS = 'curated/corporate_actions/year=2013/data.parquet'

test('bundle of an older day: made again after a withdrawal, a move and a revision, it is what it was in actions, factors, instruments, yields and bars', async () => {
  const nights = await open()
  nights.list(
    dividend('2013-12-20', 0.98),
    dividend('2013-12-19', 5, { special: true }),
    split('2013-12-18', { to: 3 }),
  )
  await nights.night(DAY)
  const first = await hashes(nights, DAY)
  expect(Object.keys(first)).toContain(ACTIONS)
  const actions = await rowsOf(nights, DAY, ACTIONS, 'dt, kind, cash')
  expect(actions).toHaveLength(3)

  // The dividend has moved, the special one is withdrawn, and one that nobody had filed is late.
  nights.list(dividend('2013-12-17', 0.98), split('2013-12-18', { to: 3 }), dividend('2013-12-16', 0.2))
  await nights.night('2013-12-23')
  await nights.night('2013-12-24')
  await nights.night('2013-12-30')
  expect(await rowsOf(nights, '2013-12-30', ACTIONS, 'dt, kind, cash')).not.toEqual(actions)
  expect(
    await rowsOf(nights, '2013-12-30', 'curated/macro_treasury/year=2013/data.parquet', 'date, "DGS10"'),
  ).toContain('2013-12-18 9.99')

  const { node } = nights.bare
  const folder = bundleFolder(node.lake.exportRoot, DAY)
  await rm(folder, { recursive: true })
  await nights.export(DAY)
  expect(await hashes(nights, DAY)).toEqual(first)
  for (const [path, hash] of Object.entries(first)) expect(sha256(await readFile(join(folder, path)))).toBe(hash)
  expect(await nights.manifest(DAY)).toMatchObject({ complete: true, lacking: null })

  // Its ledger speaks of its own rows, and a third time nothing changes.
  const cells = await rowsOf(nights, DAY, 'qc/partition_status.parquet', 'dataset, dt, rows')
  expect(cells.filter((cell) => cell.startsWith('corporate_actions') && !cell.endsWith(' 0'))).toEqual([
    'corporate_actions 2013-12-18 1',
    'corporate_actions 2013-12-19 1',
    'corporate_actions 2013-12-20 1',
  ])
  expect(await nights.export(DAY)).toMatchObject({ verdict: 'unchanged' })
})

test('bundle of an older day: an action that was the only one of its year and is withdrawn by now stands in it', async () => {
  const nights = await open()
  nights.list(dividend('2013-12-20', 0.98))
  await nights.night(DAY)
  const first = await hashes(nights, DAY)
  nights.list()
  await nights.night('2013-12-23')
  expect(Object.keys(await hashes(nights, '2013-12-23'))).not.toContain(ACTIONS)
  await rm(bundleFolder(nights.bare.node.lake.exportRoot, DAY), { recursive: true })
  await nights.export(DAY)
  expect(await hashes(nights, DAY)).toEqual(first)
})

test('bundle of an older day: it says what was known of instruments then, and the universe of then', async () => {
  const nights = await open()
  await nights.night(DAY)
  const first = await hashes(nights, DAY)
  const { config } = nights.bare.node
  config.stated = [
    { symbol: 'SPYX', from: '2010-01-04', to: null, was: [{ symbol: 'SPY', to: '2013-12-20' }] } as never,
  ]
  await nights.night('2013-12-23')
  expect(await rowsOf(nights, '2013-12-23', 'tables/universe.parquet', 'symbol, ticker')).toEqual([
    'SPYX SPY',
    'SPYX SPYX',
  ])
  await rm(bundleFolder(nights.bare.node.lake.exportRoot, DAY), { recursive: true })
  await nights.export(DAY)
  const again = await hashes(nights, DAY)
  for (const path of ['tables/instruments.parquet', 'tables/universe.parquet'])
    expect(again[path], path).toBe(first[path])
})
