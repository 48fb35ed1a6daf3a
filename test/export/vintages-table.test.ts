import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { bundleFolder } from '../../functions/_lake/paths.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import { stageVintages, type VintageWriter } from '../../functions/export/vintages-table.ts'
import { withRevisions } from '../lab/fred-vintages.ts'
import { syntheticYields } from '../lab/synthetic.ts'
import { smallLake, specOf } from '../qc-partition/small-lake.ts'
import { ASOF, startTestNode, type TestNode } from '../test-node.ts'

describe('vintages: the table of a bundle', () => {
  let node: TestNode
  beforeAll(async () => {
    const revised = [{ date: '2025-07-01', from: '2025-07-03', value: '9.87' }]
    node = await startTestNode({ yields: withRevisions(syntheticYields(1), { DGS10: revised }) })
    await node.night()
  }, 120_000)
  afterAll(() => node.remove())

  const all = (sql: string): Promise<Record<string, unknown>[]> => node.running().node.lake.duck.all(sql)
  const vintages = (): string =>
    readParquet(join(bundleFolder(node.running().node.exportRoot, ASOF), 'tables/macro_treasury_vintages.parquet'))
  const wide = (): string =>
    readParquet(
      join(bundleFolder(node.running().node.exportRoot, ASOF), 'curated/macro_treasury/year=2025/data.parquet'),
    )

  test('holds every value that was published, with its day, and the newest one is that of the curated file', async () => {
    const rows = await all(
      `SELECT value, realtime_start, vendor FROM ${vintages()} WHERE series = 'DGS10' AND date = '2025-07-01' ORDER BY ALL`,
    )
    expect(rows).toEqual([
      { value: expect.any(Number), realtime_start: '2025-07-01', vendor: 'fred' },
      { value: 9.87, realtime_start: '2025-07-03', vendor: 'fred' },
    ])
    const [differing] = await all(
      `WITH newest AS (SELECT series, date, max_by(value, realtime_start) AS value FROM ${vintages()} GROUP BY ALL)
       SELECT count(*) AS n FROM (UNPIVOT (SELECT * EXCLUDE (vendor, feed) FROM ${wide()}) ON COLUMNS(* EXCLUDE date) INTO NAME series VALUE value) w
       FULL JOIN newest USING (series, date, value) WHERE w.date IS NULL OR newest.date IS NULL`,
    )
    expect(differing).toEqual({ n: 0 })
  })

  test('gives what was known on a day to an as-of join', async () => {
    const known = await all(
      `SELECT q.day, v.value = 9.87 AS revised FROM (VALUES (DATE '2025-07-02'), (DATE '2025-07-03')) q(day)
       ASOF JOIN (FROM ${vintages()} WHERE series = 'DGS10' AND date = '2025-07-01') v ON q.day >= v.realtime_start ORDER BY day`,
    )
    expect(known).toEqual([
      { day: '2025-07-02', revised: false },
      { day: '2025-07-03', revised: true },
    ])
  })

  test('stays the same bytes when the bundle is built again', async () => {
    expect((await node.steps('export'))[0]).toMatchObject({ verdict: 'unchanged' })
  })
})

describe('vintages: staging', () => {
  const DAYS = ['2024-07-02', '2024-07-03']

  async function staged(write: (path: string) => Promise<boolean>, edition: string | null = null) {
    const lake = await smallLake()
    const staging = join(lake.exportRoot, '.staging', 'bundle')
    const path = 'curated/macro_treasury/year=2024/data.parquet'
    await mkdir(dirname(join(staging, path)), { recursive: true })
    const days = `(SELECT unnest(${JSON.stringify(DAYS).replaceAll('"', "'")})::DATE AS date)`
    await lake.duck.run(`COPY ${days} TO ${sqlText(join(staging, path))} (FORMAT parquet)`)
    const spec = specOf('macro_treasury')
    const record = { partition: '2024', curatedSha256: 'a', ledgerSha256: 'b', behind: null, edition }
    const dataset = { name: 'macro_treasury' as const, spec, partitions: [record], expectedCells: 0, ranges: [] }
    const data = [{ path, bytes: 0, sha256: '', rows: 2, dataset: dataset.name, partition: '2024' }]
    const writer: VintageWriter = (_, to) => write(to)
    return { lake, staging, stage: () => stageVintages(lake, staging, [dataset], data, writer) }
  }

  test('leaves out days that the bundle has not', async () => {
    const { lake, staging, stage } = await staged(async (to) => {
      const rows = [...DAYS, '2024-07-05'].map((dt) => `('DGS10', DATE '${dt}', 4.2, DATE '${dt}', 'fred', 'h15')`)
      await lake.duck.run(
        `COPY (FROM (VALUES ${rows}) v(series, date, value, realtime_start, vendor, feed)) TO ${sqlText(to)} (FORMAT parquet)`,
      )
      return true
    }, 'first')
    for (const _ of ['written', 'remembered']) {
      const { files, failed } = await stage()
      expect({ files, failed }).toMatchObject({
        files: [{ path: 'tables/macro_treasury_vintages.parquet', rows: 2 }],
        failed: [],
      })
    }
    const found = await lake.duck.all(
      `SELECT date FROM ${readParquet(join(staging, 'tables/macro_treasury_vintages.parquet'))}`,
    )
    expect(found.map(({ date }) => date)).toEqual(DAYS)
  })

  test('a partition whose raw files are damaged is named with the reason, without the folder of this machine', async () => {
    const { lake, stage } = await staged(async () => {
      throw new Error(`${join(lake.root, 'raw/fred/x.parquet')} is damaged`)
    })
    expect(await stage()).toEqual({
      files: [],
      failed: [
        {
          dataset: 'macro_treasury',
          partition: '2024',
          reason: 'its vintages are not in the bundle: raw/fred/x.parquet is damaged',
        },
      ],
    })
  })
})
