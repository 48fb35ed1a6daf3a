import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { openLake } from '../../functions/_lake/lake.ts'
import { appendManifest, type NewManifestLine, type SetAsideLine } from '../../functions/_lake/manifest.ts'
import { manifestFile } from '../../functions/_lake/paths.ts'
import { replayManifests } from '../../functions/_recovery/replay-manifests.ts'
import { freshDb, tempFolder } from '../db/temp-db.ts'
import { shippedConfig } from '../write-config.ts'

const NOW = Date.UTC(2025, 6, 9)
const [FIRST, SECOND, THIRD] = ['1', '2', '3'].map((digit) => digit.repeat(64)) as [string, string, string]
const at = (minute: number): string => new Date(Date.UTC(2025, 6, 8, 12, minute)).toISOString()

const line = (digest: string, minute: number, more: Partial<NewManifestLine> = {}): NewManifestLine => ({
  ...{
    dataset: 'equities_bars',
    symbol: 'AAPL',
    dt: '2025-07-01',
    vendor: 'alpaca',
    feed: 'sip',
    adjustment: 'raw',
    rows: 1,
  },
  ...{ digest, previous: null, verdict: 'new', path: 'raw/alpaca/equities_bars/date=2025-07-01/data.parquet' },
  ...{ sha256: digest, fetched_at: at(minute) },
  ...more,
})
const replaced = (digest: string, previous: string, minute: number) =>
  line(digest, minute, { verdict: 'replaced', previous })
const aside = (minute: number, why: SetAsideLine['why'] = 'damaged'): SetAsideLine => {
  const { dataset, symbol, dt, vendor, path } = line(FIRST, 0)
  return { dataset, symbol, dt, vendor, verdict: 'set_aside', why, path, at: at(minute) }
}

async function nodeWith(lines: readonly (NewManifestLine | SetAsideLine)[]) {
  const root = await tempFolder()
  await appendManifest(manifestFile(root, 'alpaca', 'equities_bars', '2025-07-08'), lines)
  const db = await freshDb()
  const lake = openLake({ root, exportRoot: join(root, 'exports') })
  const context = { config: await shippedConfig(), db, lake, now: () => NOW, log: () => {} }
  const replay = () => replayManifests(context, () => 0)
  await replay()
  return {
    replay,
    cell: () => db.all(sql`SELECT outcome, digest FROM attempts`),
    corrections: () => db.all(sql`SELECT previous, digest FROM corrections ORDER BY at`),
  }
}

/** As the database keeps a digest. */
const kept = (digest: string): string => digest.slice(0, 32)

test('replay manifests: corrections of a cell that stand close together are all there', async () => {
  const node = await nodeWith([line(FIRST, 0), replaced(SECOND, FIRST, 1), replaced(THIRD, SECOND, 2)])
  expect(await node.cell()).toEqual([{ outcome: 'filled', digest: kept(THIRD) }])
  expect(await node.corrections()).toEqual([
    { previous: kept(FIRST), digest: kept(SECOND) },
    { previous: kept(SECOND), digest: kept(THIRD) },
  ])
})

test('replay manifests: a version that was written behind a loss counts, though its answer is older, and a second replay changes nothing', async () => {
  const node = await nodeWith([line(FIRST, 0), aside(5), line(SECOND, 4)])
  expect(await node.cell()).toEqual([{ outcome: 'filled', digest: kept(SECOND) }])
  expect(await node.replay()).toEqual({ restored: 0, lost: 0 })
  expect(await node.cell()).toEqual([{ outcome: 'filled', digest: kept(SECOND) }])
})

test('replay manifests: a loss behind a version counts, and one before it that is told late does not', async () => {
  expect(await (await nodeWith([line(FIRST, 0), aside(5)])).cell()).toEqual([{ outcome: 'lost', digest: null }])
  expect(await (await nodeWith([line(FIRST, 5), aside(4)])).cell()).toEqual([
    { outcome: 'filled', digest: kept(FIRST) },
  ])
})

test('replay manifests: a cell that was forgotten comes back only by what was written later', async () => {
  const forgotten = [line(FIRST, 0), aside(5), aside(6, 'forgotten')]
  expect(await (await nodeWith(forgotten)).cell()).toEqual([{ outcome: 'forgotten', digest: null }])
  const again = await nodeWith([...forgotten, line(FIRST, 7)])
  expect(await again.cell()).toEqual([{ outcome: 'filled', digest: kept(FIRST) }])
})
