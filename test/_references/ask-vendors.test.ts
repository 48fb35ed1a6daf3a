import { expect, test } from 'vitest'
import type { Config, Listing, VendorConfig } from '../../config/schema.ts'
import { blockVendor } from '../../db/circuits/circuits.ts'
import type { Db } from '../../db/client.ts'
import { listReferenceChecks } from '../../db/reference-checks/reference-checks.ts'
import { listReferences } from '../../db/symbol-references/list-references.ts'
import type { Lane, VendorConnection } from '../../functions/_catalog/context.ts'
import { type Asked, askVendors } from '../../functions/_references/ask-vendors.ts'
import {
  type ReferenceQuestion,
  type ReferenceWant,
  type SymbolReference,
  VendorError,
} from '../../functions/_vendors/vendor.ts'
import { almanac, CONFIG } from '../_audit/almanac.ts'
import { freshDb, NOW } from '../db/temp-db.ts'

const ASOF = '2024-07-05'
const DAY = 86_400_000
type Reply = SymbolReference[] | VendorError
type Script = (question: ReferenceQuestion, wants: readonly ReferenceWant[]) => Reply

interface Scene {
  db: Db
  /** Every call: its question and the first symbol. */
  asked: string[]
  lanes: Lane[]
  log: string[]
  run(asof?: string, now?: number): Promise<Asked>
}

const undated = (symbol: string): Listing => ({ symbol, from: '1990-01-02', to: null, undated: true })
const symbolsUpTo = (count: number): Listing[] => Array.from({ length: count }, (_, at) => undated(`S${100 + at}`))

/** Everybody is listed, one first day for all. */
const listing: Script = (question, wants) =>
  question === 'listed'
    ? wants.map(({ symbol }) => ({ symbol, isListed: true }))
    : wants.slice(0, 1).map(({ symbol }) => ({ symbol, listedFrom: '2005-03-01' }))

async function setup(
  script: Script,
  more: {
    universe?: Listing[]
    config?: Partial<VendorConfig>
    connection?: Partial<VendorConnection>
    questions?: ReferenceQuestion[]
  } = {},
): Promise<Scene> {
  const db = await freshDb()
  const { universe = symbolsUpTo(3), questions = ['listed', 'delisted', 'details', 'names'] } = more
  const scene: Scene = { db, asked: [], lanes: [], log: [], run }
  const connection: VendorConnection = {
    name: 'almanac',
    config: { ...CONFIG, ...more.config },
    connector: almanac({
      references: {
        questions,
        ask: async (question, wants) => {
          scene.asked.push(`${question} ${wants[0]?.symbol}`)
          return script(question, wants)
        },
      },
    }),
    missing: [],
    get: (lane) => {
      scene.lanes.push(lane)
      return () => Promise.reject(new Error('nothing is sent here'))
    },
    ...more.connection,
  }
  const config = { universe, vendors: { almanac: connection.config }, datasets: {} } as unknown as Config
  function run(asof = ASOF, now = NOW): Promise<Asked> {
    const log = (event: string): void => void scene.log.push(event)
    return askVendors({ config, db, vendors: [connection], now: () => now, log }, asof)
  }
  return scene
}

const failed = (fault: VendorError['fault'], status: number | null = 500, retryAt: number | null = null): VendorError =>
  new VendorError('almanac', fault, `almanac is ${fault}`, { status, retryAt })

test('ask vendors: asks lists first, then symbol by symbol, a few calls a run, and then nothing for a week', async () => {
  const scene = await setup(listing, { universe: symbolsUpTo(6) })
  expect(await scene.run()).toEqual({
    vendors: [{ vendor: 'almanac', calls: 5, answered: 10, due: 2 }],
    more: true,
    nextAt: null,
  })
  expect(scene.asked).toEqual(['listed S100', 'details S100', 'details S101', 'details S102', 'details S103'])
  expect(await scene.run()).toMatchObject({ vendors: [{ calls: 2, due: 0 }], more: false, nextAt: null })
  expect(await scene.run()).toMatchObject({ vendors: [{ calls: 0, due: 0 }], more: false, nextAt: null })
  expect(scene.asked).toHaveLength(7)
  await scene.run('2024-07-12', NOW + 7 * DAY)
  expect(scene.asked.slice(7)).toEqual(['listed S100'])
  expect(await listReferences(scene.db)).toHaveLength(6)
})

test('ask vendors: never takes a call that is reserved for the newest data', async () => {
  const scene = await setup(listing)
  await scene.run()
  expect(new Set(scene.lanes)).toEqual(new Set(['backfill']))
})

test('ask vendors: asks no more in a night than the configuration allows, and goes on the next night', async () => {
  const references = { list_calls_per_night: 1, symbol_calls_per_night: 2 }
  const scene = await setup(listing, { universe: symbolsUpTo(4), config: { references } })
  expect(await scene.run()).toMatchObject({ vendors: [{ calls: 3, due: 2 }], more: false })
  expect(await scene.run()).toMatchObject({ vendors: [{ calls: 0, due: 2 }], more: false, nextAt: null })
  expect(await scene.run('2024-07-08', NOW + 3 * DAY)).toMatchObject({ vendors: [{ calls: 2, due: 0 }], more: false })
})

test('ask vendors: a list that answers page by page goes on where it ended, five calls a night unless told otherwise', async () => {
  const pages: Script = (_question, wants) => wants.slice(0, 2).map(({ symbol }) => ({ symbol, isListed: true }))
  const scene = await setup(pages, { universe: symbolsUpTo(14), questions: ['listed'] })
  expect(await scene.run()).toMatchObject({ vendors: [{ calls: 5, due: 4 }], more: false })
  expect(await scene.run('2024-07-08', NOW + 3 * DAY)).toMatchObject({ vendors: [{ calls: 2, due: 0 }], more: false })
  expect(scene.asked.map((one) => one.slice(-4))).toEqual(['S100', 'S102', 'S104', 'S106', 'S108', 'S110', 'S112'])
})

test('ask vendors: names are not asked unless the configuration says so, and details no more where it says so', async () => {
  const scene = await setup(listing, { config: { references: { names: true, details: false } } })
  await scene.run()
  expect(scene.asked).toEqual(['listed S100', 'names S100', 'names S101', 'names S102'])
})

test('ask vendors: a budget that is spent is told with the instant to come back, and costs nothing', async () => {
  const scene = await setup(() => failed('rate_limited', null, NOW + 20_000))
  expect(await scene.run()).toEqual({
    vendors: [{ vendor: 'almanac', calls: 0, answered: 0, due: 3, skipped: 'its calls are spent for now' }],
    more: false,
    nextAt: NOW + 20_000,
  })
  expect(await listReferenceChecks(scene.db)).toEqual([])
})

test('ask vendors: a refusal of the vendor counts as a call and is waited out', async () => {
  const scene = await setup(() => failed('rate_limited', 429))
  expect(await scene.run()).toMatchObject({ vendors: [{ calls: 1 }], more: false, nextAt: NOW + 60_000 })
  for (let run = 0; run < 10; run++) await scene.run()
  expect(scene.asked).toHaveLength(5)
})

test('ask vendors: a question that failed is told, not asked again that night, and keeps no other from being asked', async () => {
  const scene = await setup(
    (question, wants) => (question === 'listed' ? failed('malformed') : listing(question, wants)),
    {
      config: { references: { names: true } },
    },
  )
  expect(await scene.run()).toMatchObject({ vendors: [{ calls: 4, skipped: 'almanac is malformed' }], more: false })
  expect(await scene.run()).toMatchObject({ vendors: [{ calls: 0 }], more: false })
  expect(scene.asked).toEqual(['listed S100', 'names S100', 'names S101', 'names S102'])
  expect(scene.log).toEqual(['reference.question_failed'])
  expect(await listReferenceChecks(scene.db)).toMatchObject([
    { question: 'listed', calls: 1, error: 'almanac is malformed' },
    { question: 'names', calls: 3, error: null },
  ])
  await scene.run('2024-07-08', NOW + 3 * DAY)
  expect(scene.asked.at(-1)).toBe('listed S100')
})

test('ask vendors: a vendor without keys says which are missing, one that is blocked is left alone', async () => {
  const scene = await setup(listing, { connection: { missing: ['ALMANAC_KEY'] } })
  expect(await scene.run()).toEqual({
    vendors: [{ vendor: 'almanac', calls: 0, answered: 0, due: 0, skipped: 'set ALMANAC_KEY in the environment' }],
    more: false,
    nextAt: null,
  })
  const blocked = await setup(listing)
  await blockVendor(blocked.db, 'almanac', NOW + 1, 'it failed')
  expect(await blocked.run()).toMatchObject({ vendors: [{ calls: 0 }], more: false })
  expect([...scene.asked, ...blocked.asked]).toEqual([])
})

test('ask vendors: a vendor without lists, without calls, or on the account of another is not asked', async () => {
  for (const connection of [
    { connector: almanac() },
    { config: { ...CONFIG, calls_per_minute: 0 } },
    { config: { ...CONFIG, account: 'other' } },
  ]) {
    const scene = await setup(listing, { connection })
    expect(await scene.run()).toEqual({ vendors: [], more: false, nextAt: null })
  }
})

test('ask vendors: two runs at once leave what one leaves', async () => {
  const scene = await setup(listing)
  await Promise.all([scene.run(), scene.run()])
  expect(await scene.run()).toMatchObject({ vendors: [{ calls: 0, due: 0 }] })
  expect(await listReferences(scene.db)).toHaveLength(3)
})
