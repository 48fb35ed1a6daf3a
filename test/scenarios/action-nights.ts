/** Nights of a node that collects corporate actions alone, before a lab whose list of actions the test changes. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { dispatchNext } from '../../functions/_dispatch/dispatch.ts'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { bundleFolder, curatedFile } from '../../functions/_lake/paths.ts'
import type { Dt } from '../../functions/_market/dt.ts'
import { audit } from '../../functions/audit.ts'
import { writeAsOf } from '../../functions/curate-partition/as-of.ts'
import { curateNext, curateOnePartition } from '../../functions/curate-partition/index.ts'
import { writeVintages } from '../../functions/curate-partition/vintages.ts'
import { exportWith } from '../../functions/export/index.ts'
import { createApp } from '../../functions/index.ts'
import { judgeNext, qcPartition } from '../../functions/qc-partition/index.ts'
import { type BareNode, type BareNodeTerms, openBareNode } from '../_dispatch/bare-node.ts'
import type { LabAction } from '../lab/action-source.ts'

export const FROM = '2013-12-16'

export const dividend = (
  exDt: Dt,
  cash: number,
  more: { symbol?: string; special?: boolean; knownDt?: Dt } = {},
): LabAction => ({
  kind: 'dividend',
  symbol: 'SPY',
  exDt,
  recordDt: exDt,
  payDt: exDt,
  cash,
  special: false,
  frequency: 4,
  knownDt: '2013-06-03',
  ...more,
})

/** 2 for 1. */
export const split = (exDt: Dt, more: { knownDt?: Dt; to?: number } = {}): LabAction => ({
  kind: 'split',
  symbol: 'SPY',
  exDt,
  from: 1,
  to: 2,
  knownDt: '2013-06-03',
  ...more,
})

type Fields = Record<string, unknown>

export interface ActionNights {
  bare: BareNode
  /** What the vendor lists from now on. */
  list(...actions: LabAction[]): void
  /** Audit to bundle, as of the evening of a session. */
  night(dt: Dt): Promise<void>
  /** The bundle of a day, made now. */
  export(dt: Dt): Promise<Fields>
  /** The curated table of 2013, a line a row. */
  table(): Promise<string[]>
  /** Cells of a bundle's ledger that are not plainly quiet, a line each. */
  judged(dt: Dt): Promise<string[]>
  manifest(dt: Dt): Promise<Fields>
  factors(dt: Dt): Promise<Fields[]>
  get(path: string): Promise<Fields>
}

export async function openActionNights(terms: Partial<BareNodeTerms> = {}): Promise<ActionNights> {
  let actions: LabAction[] = []
  const bare = await openBareNode({
    asof: FROM,
    symbols: ['SPY'],
    vendors: { alpaca: {} },
    datasets: { corporate_actions: { depth: { from: FROM } } },
    lab: { actions: { alpaca: { actions: () => actions } } },
    ...terms,
  })
  const { node, clock } = bare
  const app = createApp(node, { full: null, read: null })
  const exported = exportWith({ curate: curateNext, judge: judgeNext, vintages: writeVintages, asOf: writeAsOf })
  const rows = (sql: string) => node.lake.duck.all<Fields>(sql)
  return {
    bare,
    list: (...listed) => {
      actions = listed
    },
    async night(dt) {
      const at = instantOf(dt, '20:30')
      if (at > clock.now()) await clock.sleep(at - clock.now())
      await audit(node, { at })
      while ('vendor' in (await dispatchNext(node, null, at)));
      while ((await curateOnePartition(node)).more);
      while ((await qcPartition(node, { at })).more);
      await exported(node, { at, acceptLacking: false })
    },
    export: async (asof) => ({ ...(await exported(node, { asof, acceptLacking: false })) }),
    table: async () =>
      (
        await rows(
          `SELECT symbol, dt, coalesce(cash::VARCHAR, new_shares::INTEGER || ':' || old_shares::INTEGER) AS size, contradicts, first_seen FROM ${readParquet(curatedFile(node.lake.root, 'corporate_actions', 'year', '2013'))}`,
        ).catch(() => [])
      ).map(({ symbol, dt, size, contradicts, first_seen }) =>
        [
          symbol,
          dt,
          String(size).replace(/\.0$/, ''),
          `seen ${first_seen}`,
          ...(contradicts ? ['contradicts'] : []),
        ].join(' '),
      ),
    judged: async (dt) =>
      (
        await rows(
          `SELECT symbol, dt, status, flags, rows, reason FROM ${readParquet(join(bundleFolder(node.lake.exportRoot, dt), 'qc/partition_status.parquet'))} WHERE rows > 0 OR flags <> '' ORDER BY ALL`,
        )
      ).map((row) =>
        Object.values(row)
          .filter((value) => value !== null && value !== '')
          .join(' '),
      ),
    manifest: async (dt) =>
      JSON.parse(await readFile(join(bundleFolder(node.lake.exportRoot, dt), 'MANIFEST.json'), 'utf8')) as Fields,
    factors: (dt) =>
      rows(
        `SELECT symbol, dt, cash, split_factor, flags FROM ${readParquet(join(bundleFolder(node.lake.exportRoot, dt), 'tables/adjustment_factors.parquet'))} ORDER BY ALL`,
      ),
    get: async (path) => (await (await app.request(path, { headers: { host: '127.0.0.1' } })).json()) as Fields,
  }
}
