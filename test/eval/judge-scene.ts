/** A real node over a scene: raw files adopted, curated and judged as each night does it; what its ledger then says of every cell. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { replaceClosedDayBars } from '../../db/closed-day-bars/closed-day-bars.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { closeLake, openLake } from '../../functions/_lake/lake.ts'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { ledgerFolder } from '../../functions/_lake/paths.ts'
import { DatasetName } from '../../functions/_market/cell.ts'
import type { Dt } from '../../functions/_market/dt.ts'
import { virtualClock } from '../../functions/_runtime/clock.ts'
import { type RunningNode, startNode } from '../../functions/_runtime/start.ts'
import { AdoptBody, adopt } from '../../functions/adopt/index.ts'
import { curateOnePartition } from '../../functions/curate-partition/index.ts'
import { qcPartition } from '../../functions/qc-partition/index.ts'
import { shippedConfig, writeBareConfig } from '../write-config.ts'
import type { Day, Injected } from './fault.ts'
import { cellOf, type EvalAction, type Scene } from './scene.ts'
import { type RawFields, writeRaw } from './write-raw.ts'

const VENDOR = 'alpaca'
const SECOND = 'massive'
/** A version that is refused has its partition curated and judged again, and so may the other. */
const ROUNDS = 3
const FETCHED_AT = 1_700_000_000_000

export interface LedgerCell extends Record<string, unknown> {
  status: 'GREEN' | 'AMBER' | 'RED'
  flags: string
  /** What a second vendor's version decided. */
  action: string | null
}

/** Every judged cell as `dataset symbol dt`, from the ledger's files. */
export async function judgeScene(scene: Scene, say: (line: string) => void): Promise<Map<string, LedgerCell>> {
  const root = await mkdtemp(join(tmpdir(), 'data-node-eval-'))
  try {
    const env = await writeScene(root, scene)
    say(`${scene.name}: raw files are written`)
    const running = await startNode({ env, clock: virtualClock(instantOf(scene.asof, '23:00')), sink: () => undefined })
    try {
      await noteClosedDayBarsOf(running, scene)
      await walk(running, say, scene.name)
      return await ledgerOf(running)
    } finally {
      await running.stop()
    }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** Bars of closed days as the dispatcher notes them: the faults are adopted here, not dispatched. */
async function noteClosedDayBarsOf({ node }: RunningNode, { rows }: Scene): Promise<void> {
  const calendar = calendarOf('xnys')
  const found = [...rows.equities_bars].flatMap(([symbol, days]) =>
    days.filter(({ dt }) => !calendar.isSession(dt)).map(({ dt }) => ({ symbol, dt })),
  )
  const range = { symbols: [], from: '', to: '' }
  await replaceClosedDayBars(node.db, { dataset: 'equities_bars', vendor: VENDOR, ...range, found, now: FETCHED_AT })
}

async function walk({ node }: RunningNode, say: (line: string) => void, name: string): Promise<void> {
  for (let more = true; more; ) {
    const walked = await adopt(node, AdoptBody.parse({ verify: 'footers' }))
    const [refused] = walked.problems.filter(({ what }) => !what.includes('is no session'))
    if (refused) throw new Error(`expected all raw files of sessions to be adopted, got ${JSON.stringify(refused)}`)
    more = walked.more
  }
  say(`${name}: adopted`)
  const steps = [
    ['curated', () => curateOnePartition(node)],
    ['judged', () => qcPartition(node, {})],
  ] as const
  for (const [what, step] of Array.from({ length: ROUNDS }, () => steps).flat()) {
    for (let more = true; more; ) {
      const done = await step()
      if ('failed' in done) throw new Error(`expected a partition to be ${what}, got: ${String(done.failed)}`)
      more = done.more === true
    }
    say(`${name}: ${what}`)
  }
}

async function ledgerOf({ node }: RunningNode): Promise<Map<string, LedgerCell>> {
  const found = new Map<string, LedgerCell>()
  const folder = ledgerFolder(node.lake.root)
  const files = (await readdir(folder, { recursive: true }))
    .filter((file) => file.endsWith('.parquet'))
    .map((file) => join(folder, file))
  const rows = await node.lake.duck.all<{ dataset: string; symbol: string; dt: Dt } & LedgerCell>(
    `SELECT dataset, symbol, dt, status, flags, action FROM ${readParquet(files)}`,
  )
  for (const { dataset, symbol, dt, status, flags, action } of rows)
    found.set(cellOf(dataset, symbol, dt), { status, flags, action })
  return found
}

async function writeScene(root: string, scene: Scene): Promise<Record<string, string>> {
  const shipped = await shippedConfig()
  const { datasets, ...alpaca } = shipped.vendors[VENDOR]!
  const firstOf = (dataset: Injected): Dt =>
    [...scene.rows[dataset].values()].reduce(
      (first, days) => ((days[0]?.dt ?? first) < first ? (days[0]?.dt ?? first) : first),
      scene.asof,
    )
  const told = [...new Set(scene.actions.map(({ symbol }) => symbol))]
  const wanted: Partial<Record<DatasetName, object>> = {
    equities_bars: { depth: { from: firstOf('equities_bars') } },
    equities_bars_minute: {
      depth: { from: firstOf('equities_bars_minute') },
      only: [...scene.rows.equities_bars_minute.keys()],
    },
    ...(told.length > 0 ? { corporate_actions: { depth: { from: firstOf('equities_bars') }, only: told } } : {}),
  }
  const lake = openLake({ root: join(root, 'data_layer'), exportRoot: join(root, 'exports') })
  await mkdir(lake.root, { recursive: true })
  try {
    for (const dataset of ['equities_bars', 'equities_bars_minute'] as const) {
      const spec = shipped.datasets[dataset]!
      await writeRaw(lake, dataset, spec, VENDOR, barsOf(scene.rows[dataset], VENDOR, 'sip'))
      if (scene.second !== null)
        await writeRaw(lake, dataset, spec, SECOND, barsOf(scene.second[dataset], SECOND, 'consolidated'))
    }
    if (told.length > 0)
      await writeRaw(lake, 'corporate_actions', shipped.datasets.corporate_actions!, VENDOR, actionsOf(scene.actions))
  } finally {
    await closeLake(lake)
  }
  const { datasets: secondDatasets, ...massive } = shipped.vendors[SECOND]!
  const termsOf = (terms: typeof datasets) =>
    Object.fromEntries(
      Object.keys(wanted).map((name) => [name, { ...terms[DatasetName.parse(name)], history: { from: '1990-01-02' } }]),
    )
  return writeBareConfig(root, {
    vendors: {
      [VENDOR]: { ...alpaca, datasets: termsOf(datasets) },
      ...(scene.second === null ? {} : { [SECOND]: { ...massive, datasets: termsOf(secondDatasets) } }),
    },
    datasets: Object.fromEntries(
      Object.entries(wanted).map(([name, more]) => [name, { ...shipped.datasets[DatasetName.parse(name)], ...more }]),
    ),
    universe: [...scene.rows.equities_bars].map(([symbol, days]) => ({ symbol, from: days[0]?.dt ?? scene.asof })),
    qc: shipped.qc,
  })
}

function* barsOf(symbols: Map<string, readonly Day[]>, vendor: string, feed: string): Generator<RawFields> {
  for (const [symbol, days] of symbols) {
    for (const { dt, rows } of days) {
      for (const { adjustment = 'raw', ...row } of rows)
        yield { dt, symbol, ...row, vendor, feed, adjustment, fetched_at: FETCHED_AT }
    }
  }
}

function* actionsOf(actions: readonly EvalAction[]): Generator<RawFields> {
  for (const { symbol, exDt, kind, value } of actions) {
    const terms = kind === 'split' ? { old_shares: 1, new_shares: value } : { cash: value, currency: 'USD' }
    yield {
      dt: exDt,
      symbol,
      kind,
      id: `${symbol}-${exDt}-${kind}`,
      effective_date: exDt,
      ...terms,
      vendor: VENDOR,
      feed: 'corporate-actions',
      adjustment: 'none',
      fetched_at: FETCHED_AT,
    }
  }
}
