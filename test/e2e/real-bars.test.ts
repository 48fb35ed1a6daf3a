/** Real bars through the whole chain: what a vendor served is what the trainer gets. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { closeLake, openLake } from '../../functions/_lake/lake.ts'
import { freshRoot, playNight } from './night.ts'

const DATA = resolve('../shared/data')
const there = existsSync(DATA)
if (!there) console.warn(`${DATA} is absent: the night of real bars is skipped`)

/** Twenty-three years take minutes; a part of them stands in test/scenarios/curated-real-bars.test.ts. */
const isQuick = process.env.E2E === 'quick'

test.skipIf(!there || isQuick)(
  'real bars: SPY and IBM come out exactly as they went in, and every session is accounted for',
  async () => {
    const root = await freshRoot()
    const night = await playNight(root, [
      ...['--alpaca-data', `${DATA}/bars`, '--fred-data', `${DATA}/macro`, '--symbols', 'SPY,IBM'],
    ])
    expect(night.asof).toBe('2021-03-31')
    const lake = openLake({ root: await freshRoot(), exportRoot: await freshRoot() })
    try {
      const count = async (sql: string): Promise<number> =>
        Number((await lake.duck.all<{ n: number }>(`SELECT count(*) AS n FROM (${sql})`))[0]?.n)
      const curated = `${night.bundle.path}/curated`
      const values = 'symbol, epoch_ms(ts)::BIGINT AS ms, open, high, low, close, volume'
      const csv = (kind: string): string =>
        `SELECT symbol, epoch_ms(ts_utc)::BIGINT AS ms, open::DOUBLE, high::DOUBLE, low::DOUBLE, close::DOUBLE, volume::DOUBLE
       FROM read_csv('${DATA}/bars/${kind}/*.csv', union_by_name = true, types = {'ts_utc': 'TIMESTAMP'})`
      for (const [kind, dataset] of [
        ['daily', 'equities_bars'],
        ['minute', 'equities_bars_minute'],
      ] as const) {
        const out = `SELECT ${values} FROM read_parquet('${curated}/${dataset}/*/*.parquet', hive_partitioning = false)`
        expect(await count(`(${csv(kind)}) EXCEPT ALL (${out})`)).toBe(0)
        expect(await count(`(${out}) EXCEPT ALL (${csv(kind)})`)).toBe(0)
      }
      const yields = `SELECT date, DGS10 FROM read_parquet('${curated}/macro_treasury/*/*.parquet', hive_partitioning = false)`
      const served = `SELECT observation_date AS date, DGS10::DOUBLE AS DGS10 FROM read_csv('${DATA}/macro/DGS10.csv')
                    WHERE DGS10 IS NOT NULL AND observation_date <= DATE '2021-03-31'`
      expect(await count(`(${served}) EXCEPT ALL (${yields})`)).toBe(0)
      expect(await count(`(${yields}) EXCEPT ALL (${served})`)).toBe(0)

      const ledger = `read_parquet('${night.bundle.path}/qc/partition_status.parquet')`
      expect(await count(`SELECT * FROM ${ledger}`)).toBe(night.cells.expected)
      const daily = `SELECT * FROM ${ledger} WHERE dataset = 'equities_bars'`
      // The bad prints of the years around 2000 are doubted, and travel all the same.
      expect(await count(`${daily} AND status = 'RED'`)).toBe(0)
      expect(await count(`${daily} AND status = 'GREEN'`)).toBeGreaterThan(2 * 5849 - 60)
    } finally {
      await closeLake(lake)
    }
  },
)
