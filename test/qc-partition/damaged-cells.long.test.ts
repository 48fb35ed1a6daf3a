import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { digestRows, sha256, sha256OfFile } from '../../functions/_lake/digest.ts'
import { encodeRows } from '../../functions/_lake/encode.ts'
import { readRawParts } from '../../functions/_lake/file-parts.ts'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { curatedFile, ledgerFragment, rawFile } from '../../functions/_lake/paths.ts'
import type { RawPart } from '../../functions/_lake/raw-part.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import type { Bar, Row, Yield } from '../../functions/_market/row.ts'
import { specOf } from '../_lake/lake-fixture.ts'
import { ASOF, FIRST, startTestNode, type TestNode } from '../test-node.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let node: TestNode
beforeEach(async () => {
  node = await startTestNode()
  await node.night()
})
afterEach(() => node.remove())

const data = (): string => join(node.root, 'data_layer')
const running = () => node.running().node
const CURATED = (dataset: DatasetName = 'equities_bars') => curatedFile(data(), dataset, 'year', '2025')
const RAW = () => rawFile(data(), 'alpaca', 'equities_bars', 'date', FIRST, 'ANY')

const steps = (...names: string[]) => node.steps(...names)
const touch = (dataset = 'equities_bars') =>
  running().db.write([sql`UPDATE partitions SET version = version + 1 WHERE dataset = ${dataset}`])
const judgeAgain = async (dataset = 'equities_bars') => {
  await running().db.write([sql`UPDATE partitions SET checked_version = 0 WHERE dataset = ${dataset}`])
  return steps('qc-partition')
}
/** Somebody settles an answer as soon as QC has leased the partition. */
const changeWhenLeased = sql`
  CREATE TRIGGER changed AFTER UPDATE OF lease_token ON partitions WHEN NEW.lease_token IS NOT NULL AND NEW.dataset = 'equities_bars'
  BEGIN UPDATE partitions SET version = version + 1 WHERE dataset = NEW.dataset AND version = NEW.version; END`
const partition = async () =>
  (
    await running().db.all<{ version: number; curatedVersion: number }>(
      sql`SELECT version, curated_version AS curatedVersion FROM partitions WHERE dataset = 'equities_bars'`,
    )
  )[0]!
const bars = () => running().lake.duck.all(`SELECT * FROM ${readParquet(CURATED())} ORDER BY symbol, dt`)
const ledger = (dataset: DatasetName = 'equities_bars', dt = FIRST) =>
  running().lake.duck.all<{ symbol: string; status: string; flags: string }>(
    `SELECT symbol, status, flags FROM ${readParquet(ledgerFragment(data(), dataset, '2025'))} WHERE dt = '${dt}' ORDER BY ALL`,
  )
const DAMAGED_AAPL = [
  { symbol: 'AAPL', status: 'RED', flags: 'DAMAGED' },
  { symbol: 'MSFT', status: 'GREEN', flags: '' },
]
const ALL_GREEN = [
  { symbol: 'AAPL', status: 'GREEN', flags: '' },
  { symbol: 'MSFT', status: 'GREEN', flags: '' },
]

/** Curation writes something else than it read: readable, and its hash is recorded. */
async function curateWrongly(column: string, value: string, where: string, dataset: DatasetName = 'equities_bars') {
  const file = CURATED(dataset)
  await running().lake.duck.run(
    `COPY (SELECT * REPLACE (CASE WHEN ${where} THEN ${value} ELSE "${column}" END AS "${column}") FROM ${readParquet(file)})
     TO ${sqlText(`${file}.wrong`)} (FORMAT parquet)`,
  )
  await rename(`${file}.wrong`, file)
  await running().db.write([
    sql`UPDATE partitions SET curated_sha256 = ${await sha256OfFile(file)} WHERE dataset = ${dataset}`,
  ])
}
const lowerLow = () => curateWrongly('low', 'low * 0.99', `symbol = 'AAPL' AND dt = '${FIRST}'`)

/** A raw file holds other rows, and its hash is recorded: it was wrong before anyone hashed it. */
async function storeWrongly(of: (part: RawPart) => RawPart, path = RAW(), dataset: DatasetName = 'equities_bars') {
  const spec = specOf(dataset)
  const parts = (await readRawParts(running().lake, spec, [path])).get(path) ?? []
  const bytes = await encodeRows(spec.columns, parts.map(of))
  await writeFile(path, bytes)
  const hash = Buffer.from(sha256(bytes).slice(0, 32), 'hex')
  const { dt, vendor } = /vendor=|(?<vendor>[a-z_]+)\/[a-z_]+\/date=(?<dt>[0-9-]+)/.exec(path)!.groups as Record<
    string,
    string
  >
  await running().db.write([
    sql`UPDATE raw_files SET hash = ${hash} WHERE dataset = ${dataset} AND dt = ${dt} AND vendor = ${vendor}`,
  ])
}
const lower =
  (symbol: string) =>
  (part: RawPart): RawPart =>
    part.symbol === symbol
      ? { ...part, rows: (part.rows as Bar[]).map((row) => ({ ...row, low: row.low * 0.99 })) }
      : part
const forgetEverything = () =>
  node.reconfigure((config) => ({
    ...config,
    vendors: Object.fromEntries(
      Object.entries(config.vendors).map(([name, vendor]) => [
        name,
        {
          ...vendor,
          datasets: Object.fromEntries(
            Object.entries(vendor.datasets).map(([dataset, terms]) => [dataset, { ...terms, history: { from: ASOF } }]),
          ),
        },
      ]),
    ),
  }))

test('damaged cells: a value that curation wrote wrongly is RED though every hash agrees, and the next curation puts it right', async () => {
  const before = await bars()
  await lowerLow()
  const [judged] = await judgeAgain()
  expect(judged).toMatchObject({ dataset: 'equities_bars', red: 1, differing: 1, askedAgain: 0 })
  expect(await ledger()).toEqual(DAMAGED_AAPL)
  await steps('curate-partition', 'qc-partition')
  expect(await bars()).toEqual(before)
  expect(await ledger()).toEqual(ALL_GREEN)
})

test('damaged cells: a file that curation makes wrong each time stays RED, and is made again once, not without end', async () => {
  await lowerLow()
  await judgeAgain()
  expect(await ledger()).toEqual(DAMAGED_AAPL)
  for (let round = 0; round < 3; round++) {
    await steps('curate-partition')
    await lowerLow()
    await steps('qc-partition')
    expect(await ledger()).toEqual(DAMAGED_AAPL)
    const { version, curatedVersion } = await partition()
    expect(version).toBe(curatedVersion)
    await touch()
  }
})

test('damaged cells: raw rows that were wrong before they were hashed are RED, asked for again, and come back', async () => {
  const before = await bars()
  await storeWrongly(lower('AAPL'))
  await touch()
  const [curated] = await steps('curate-partition')
  expect(curated).not.toHaveProperty('repaired')
  const asked = node.asked()
  const [judged] = await steps('qc-partition')
  expect(judged).toMatchObject({ differing: 1, askedAgain: 1 })
  expect(await ledger()).toEqual(DAMAGED_AAPL)
  await steps('audit', 'dispatch-one-task', 'curate-partition', 'qc-partition')
  expect(node.asked()).toBeGreaterThan(asked)
  expect(await bars()).toEqual(before)
  expect(await ledger()).toEqual(ALL_GREEN)
})

test('damaged cells: raw rows of which nobody recorded a hash are RED too', async () => {
  await storeWrongly(lower('AAPL'))
  await running().db.write([sql`DELETE FROM raw_files WHERE dataset = 'equities_bars'`])
  await touch()
  await steps('curate-partition', 'qc-partition')
  expect(await ledger()).toEqual(DAMAGED_AAPL)
  await steps('audit', 'dispatch-one-task', 'curate-partition', 'qc-partition')
  expect(await ledger()).toEqual(ALL_GREEN)
})

test('damaged cells: wrong raw rows that no vendor can serve again stay, held and RED, and the raw file stays as it is', async () => {
  await storeWrongly(lower('AAPL'))
  await forgetEverything()
  const kept = await sha256OfFile(RAW())
  for (let night = 0; night < 3; night++) {
    await touch()
    await steps('curate-partition', 'qc-partition')
    expect(await ledger()).toEqual(DAMAGED_AAPL)
    expect(await sha256OfFile(RAW())).toBe(kept)
  }
})

test('damaged cells: a judgement that was killed before it asked again is ended by the next one', async () => {
  await storeWrongly(lower('AAPL'))
  // What the judgement commits, and nothing of what comes after.
  await running().db.write([
    sql`UPDATE attempts SET refused_for = 'DAMAGED' WHERE dataset = 'equities_bars' AND symbol = 'AAPL' AND dt = ${FIRST}`,
    sql`UPDATE partitions SET version = version + 1 WHERE dataset = 'equities_bars'`,
  ])
  await steps('curate-partition')
  expect((await steps('qc-partition'))[0]).toMatchObject({ askedAgain: 1 })
  await steps('audit', 'dispatch-one-task', 'curate-partition', 'qc-partition')
  expect(await ledger()).toEqual(ALL_GREEN)
})

test('damaged cells: a partition that changed while it was judged is no proof of damage', async () => {
  // The digest is of a newer answer than the curated file.
  await running().db.write([
    sql`UPDATE attempts SET digest = ${'0'.repeat(64)} WHERE dataset = 'equities_bars' AND symbol = 'AAPL' AND dt = ${FIRST}`,
    changeWhenLeased,
  ])
  const [judged] = await judgeAgain()
  expect(judged).toMatchObject({ differing: 0, red: 0 })
})

test('damaged cells: a cell that is marked stays RED though its partition changed while it was judged', async () => {
  await lowerLow()
  await judgeAgain()
  await steps('curate-partition')
  await lowerLow()
  await running().db.write([changeWhenLeased])
  const [judged] = await judgeAgain()
  expect(judged).toMatchObject({ differing: 1, red: 1 })
  expect(await ledger()).toEqual(DAMAGED_AAPL)
})

test('damaged cells: a later answer that the database has not heard of yet is no damage', async () => {
  await storeWrongly((part) => {
    const changed = lower('AAPL')(part)
    return changed === part
      ? part
      : { ...changed, provenance: { ...part.provenance, fetchedAt: part.provenance.fetchedAt + 60_000_000 } }
  })
  await touch()
  expect((await steps('curate-partition', 'qc-partition')).at(-1)).toMatchObject({ red: 0 })
  expect(await ledger()).toEqual(ALL_GREEN)
})

test('damaged cells: rows that curation rightly shows otherwise are no damage: a stamp twice, a zero for unknown, a digest of that time', async () => {
  const digests: string[] = []
  await storeWrongly((part) => {
    const [row] = part.rows as Bar[]
    // AAPL has its stamp twice with different values, MSFT a zero that stands for unknown.
    const rows = part.symbol === 'AAPL' ? [{ ...row!, low: row!.low * 0.99 }, row!] : [{ ...row!, vwap: 0, trades: 0 }]
    digests.push(part.symbol === 'AAPL' ? digestRows(rows) : sha256(`${JSON.stringify(sorted(rows[0]!))}\n`))
    return { ...part, rows }
  })
  for (const [at, symbol] of ['AAPL', 'MSFT'].entries())
    await running().db.write([
      sql`UPDATE attempts SET digest = ${digests[at]} WHERE dataset = 'equities_bars' AND symbol = ${symbol} AND dt = ${FIRST}`,
    ])
  await touch()
  const answers = await steps('curate-partition', 'qc-partition')
  expect(answers.at(-1)).toMatchObject({ differing: 0 })
  expect((await ledger()).map(({ flags }) => flags).join()).not.toContain('DAMAGED')
})
const sorted = (row: Row) => Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))

test('damaged cells: what was adopted unread has no digest and is not compared', async () => {
  await running().db.write([
    sql`UPDATE attempts SET digest = NULL WHERE dataset = 'equities_bars' AND symbol = 'AAPL' AND dt = ${FIRST}`,
  ])
  await lowerLow()
  expect((await judgeAgain())[0]).toMatchObject({ differing: 0 })
})

test('damaged cells: of two vendors the digest of the one that curation chose counts', async () => {
  await running().db.write([
    sql`INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, rows, digest, at, ask_again_at)
        SELECT dataset, symbol, dt, 'massive', 1, 'filled', 1, ${'1'.repeat(64)}, at, ask_again_at FROM attempts
        WHERE dataset = 'equities_bars' AND vendor = 'alpaca'`,
  ])
  expect((await judgeAgain())[0]).toMatchObject({ differing: 0, red: 0 })
  await lowerLow()
  expect((await judgeAgain())[0]).toMatchObject({ differing: 1 })
})

test('damaged cells: a yield is compared with its digest and, where a source said there is none, with its raw rows', async () => {
  expect((await judgeAgain('macro_treasury'))[0]).toMatchObject({ differing: 0 })
  const path = rawFile(data(), 'fred', 'macro_treasury', 'date', FIRST, 'ANY')
  let digest = ''
  await storeWrongly(
    (part) => {
      const rows = (part.rows as Yield[]).map((row) => (row.series === 'DGS10' ? { ...row, value: null } : row))
      digest = digestRows(rows)
      return { ...part, rows }
    },
    path,
    'macro_treasury',
  )
  await running().db.write([
    sql`UPDATE attempts SET digest = ${digest} WHERE dataset = 'macro_treasury' AND dt = ${FIRST}`,
  ])
  await touch('macro_treasury')
  expect((await steps('curate-partition', 'qc-partition')).at(-1)).toMatchObject({ differing: 0 })
  await curateWrongly('DGS2', '"DGS2" + 0.01', `date = '${FIRST}'`, 'macro_treasury')
  expect((await judgeAgain('macro_treasury'))[0]).toMatchObject({ differing: 1 })
  expect((await ledger('macro_treasury'))[0]).toMatchObject({
    status: 'RED',
    flags: expect.stringContaining('DAMAGED'),
  })
})
