/** A node on a temp root whose database is filled as years of deliveries leave it, for the parts of the benchmark `proportion`. */
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { dayOf } from '../../../db/day-of.ts'
import { calendarOf } from '../../../functions/_calendar/calendar.ts'
import { instantOf } from '../../../functions/_calendar/zone.ts'
import type { Clock } from '../../../functions/_http/node.ts'
import { sha256 } from '../../../functions/_lake/digest.ts'
import type { DatasetName } from '../../../functions/_market/cell.ts'
import { type Dt, monthOf } from '../../../functions/_market/dt.ts'
import { virtualClock } from '../../../functions/_runtime/clock.ts'
import { type RunningNode, startNode } from '../../../functions/_runtime/start.ts'
import { draw, seedOf } from '../../lab/chance.ts'
import { shippedConfig, writeBareConfig } from '../../write-config.ts'

export const DAYS: DatasetName = 'equities_bars'
export const MINUTES: DatasetName = 'equities_bars_minute'
export const VENDOR = 'massive'
/** Symbol, day, digest, rows, sha256 of the file. */
export type SceneCell = [symbol: string, dt: Dt, digest: string, rows: number, hash: string]
const NOW = instantOf('2025-07-08', '20:30')
/** No re-reading reaches further back: the newest month that is filled. */
const NEWEST = '2025-04-30'
const SYMBOLS = 3_000
/** Those of them whose minutes are kept, too. */
const WITH_MINUTES = 300
/** Sessions of a month, about. */
const SESSIONS = 21
/** Symbols of one call, whose cells are settled at one instant. */
const CALL = 100
/** Cells whose /why is compared. */
const LOOKS = 1_000
const MONTH_MS = 30 * 86_400_000

export class ProportionScene {
  readonly running: RunningNode
  /** Months that are filled, the newest first. */
  private readonly months: readonly Dt[][]
  readonly root: string
  /** With which the node was started. */
  readonly env: Record<string, string>
  /** Sees the cells of each call before the database does. */
  kept: (dataset: DatasetName, at: number, cells: readonly SceneCell[]) => Promise<void> = async () => undefined

  private constructor(running: RunningNode, months: readonly Dt[][], root: string, env: Record<string, string>) {
    this.running = running
    this.months = months
    this.root = root
    this.env = env
  }

  static async open(cells: number): Promise<ProportionScene> {
    const months = monthsFor(cells)
    const from = months.at(-1)!.at(-1)!
    const root = await mkdtemp(join(tmpdir(), 'data-node-bench-'))
    await mkdir(join(root, 'data_layer', 'state'), { recursive: true })
    const shipped = await shippedConfig()
    const { datasets, ...massive } = shipped.vendors.massive!
    const history = { from: '1990-01-02' }
    const env = await writeBareConfig(root, {
      vendors: {
        massive: {
          ...massive,
          datasets: { [DAYS]: { ...datasets[DAYS]!, history }, [MINUTES]: { ...datasets[MINUTES]!, history } },
        },
      },
      datasets: {
        [DAYS]: { ...shipped.datasets[DAYS], depth: { from } },
        [MINUTES]: { ...shipped.datasets[MINUTES], depth: { from }, only: symbolsFrom(0, WITH_MINUTES) },
      },
      universe: symbolsFrom(0, SYMBOLS).map((symbol) => ({ symbol, from: '1990-01-02' })),
      qc: shipped.qc,
    })
    return new ProportionScene(await startScene(env), months, root, env)
  }

  /** The root of a scene with so many cells, of which the process has ended. */
  static async reopen(root: string, env: Record<string, string>, cells: number): Promise<ProportionScene> {
    return new ProportionScene(await startScene(env), monthsFor(cells), root, env)
  }

  /** What /why says of a thousand cells that chance chooses. */
  async whys(): Promise<string[]> {
    const dts = this.months.flat()
    const told: string[] = []
    for (let look = 0; look < LOOKS; look++) {
      const place = Math.floor(draw(seedOf(7, 'symbol', look), 0) * (SYMBOLS + WITH_MINUTES))
      const dataset = place < SYMBOLS ? DAYS : MINUTES
      const dt = dts[Math.floor(draw(seedOf(7, 'day', look), 0) * dts.length)]!
      const path = `/why/${dataset}/${symbolsFrom(place % SYMBOLS, 1)[0]}/${dt}`
      const answer = await fetch(`${this.running.address}${path}`)
      if (answer.status !== 200) throw new Error(`expected 200 of GET ${path}, got ${answer.status}`)
      told.push(await answer.text())
    }
    return told
  }

  async remove(): Promise<void> {
    await this.running.stop()
    await rm(this.root, { recursive: true, force: true })
  }

  /** Fills the months of a dataset, newest first, call by call, with the tasks that asked for them. Returns how many cells they are. */
  async fill(dataset: DatasetName): Promise<number> {
    let filled = 0
    for (const dts of this.months) {
      const symbols = dataset === MINUTES ? WITH_MINUTES : SYMBOLS
      for (let from = 0; from < symbols; from += CALL) filled += await this.fillCall(dataset, dts, from)
    }
    return filled
  }

  /** Masks of all months alone, in which one symbol in a hundred lacks each first session: what pages count. Returns how many cells are present. */
  async fillMasks(): Promise<number> {
    let present = 0
    const symbols = JSON.stringify(symbolsFrom(0, SYMBOLS))
    for (const dts of this.months) {
      const days = dts.map((dt) => 1 << (Number(dt.slice(8)) - 1))
      const [all, first] = [days.reduce((sum, day) => sum | day, 0), days.at(-1)!]
      await this.running.node.db.write([
        sql`INSERT INTO coverage (dataset, symbol, month, present)
            SELECT ${DAYS}, value, ${monthOf(dts[0]!)}, ${all} - CASE WHEN key % 100 = 0 THEN ${first} ELSE 0 END FROM json_each(${symbols})`,
      ])
      present += dts.length * SYMBOLS - SYMBOLS / 100
    }
    return present
  }

  private async fillCall(dataset: DatasetName, dts: readonly Dt[], from: number): Promise<number> {
    const { db } = this.running.node
    const month = monthOf(dts[0]!)
    const symbols = symbolsFrom(from, CALL)
    const at = NOW - 3 * MONTH_MS - randomBytes(3).readUIntBE(0, 3)
    const rowsOf = (): number => (dataset === MINUTES ? 380 + (randomBytes(1)[0]! % 11) : 1)
    const hashOf = (dt: Dt, symbol: string): string => sha256(`${dataset} ${dt} ${dataset === MINUTES ? symbol : ''}`)
    const cells = symbols.flatMap((symbol) =>
      dts.map((dt): SceneCell => [symbol, dt, randomBytes(32).toString('hex'), rowsOf(), hashOf(dt, symbol)]),
    )
    await this.kept(dataset, at, cells)
    const given = sql`(SELECT value->>0 AS symbol, value->>1 AS dt, value->>2 AS digest, value->>3 AS rows, substr(value->>4, 1, 32) AS hash
      FROM json_each(${JSON.stringify(cells)}))`
    await db.write([
      sql`INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, rows, digest, at, ask_again_at)
          SELECT ${dataset}, symbol, dt, ${VENDOR}, 1, 'filled', rows, digest, ${at}, ${Number.MAX_SAFE_INTEGER} FROM ${given}`,
      sql`INSERT INTO coverage (dataset, symbol, month, present)
          SELECT ${dataset}, symbol, ${month}, sum(1 << (${dayOf(sql`dt`)} - 1)) FROM ${given} GROUP BY symbol`,
      sql`INSERT INTO raw_files (dataset, dt, vendor, symbol, hash)
          SELECT DISTINCT ${dataset}, dt, ${VENDOR}, ${dataset === MINUTES ? sql`symbol` : sql`''`}, unhex(hash) FROM ${given} WHERE true ON CONFLICT DO NOTHING`,
      sql`INSERT INTO bookmarks (vendor, dataset, symbol, last_dt) SELECT ${VENDOR}, ${dataset}, symbol, max(dt) FROM ${given} GROUP BY symbol
          ON CONFLICT DO UPDATE SET last_dt = max(last_dt, excluded.last_dt)`,
      sql`INSERT INTO gap_tasks (dataset, symbol, dt, days, cells, lane, priority, expected_rows, reason, state, attempts, next_at, created_at, updated_at, done_at, sort_key)
          SELECT ${dataset}, symbol, min(dt), sum(1 << (${dayOf(sql`dt`)} - 1)), count(*), 'backfill', 0, 1, 'missing', 'done', 1, ${at}, ${at}, ${at}, ${at}, 0
          FROM ${given} GROUP BY symbol HAVING count(*) > 1`,
    ])
    return cells.length
  }

  /** Bytes of every table with its indexes, the largest first. */
  async tableBytes(): Promise<Map<string, number>> {
    const rows = await this.running.node.db.all<{ name: string; bytes: number }>(sql`
      SELECT m.tbl_name AS name, sum(s.pgsize) AS bytes FROM dbstat s JOIN sqlite_master m ON m.name = s.name GROUP BY 1 ORDER BY 2 DESC`)
    return new Map(rows.map(({ name, bytes }) => [name, bytes]))
  }
}

/** The day stands still; what lasts is measured. */
export const sceneClock = (): Clock => ({ ...virtualClock(NOW), elapsed: () => performance.now() })

const startScene = (env: Record<string, string>): Promise<RunningNode> =>
  startNode({ env, clock: sceneClock(), sink: () => undefined })

const symbolsFrom = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `S${String(from + at).padStart(4, '0')}`)

const monthsFor = (cells: number): Dt[][] =>
  newestMonths(Math.max(1, Math.round(cells / SESSIONS / (SYMBOLS + WITH_MINUTES))))

/** The sessions of so many months, both newest first. */
function newestMonths(count: number): Dt[][] {
  const months = new Map<string, Dt[]>()
  for (const dt of calendarOf('xnys').sessions('2005-08-01', NEWEST).toReversed()) {
    const own = months.get(monthOf(dt))
    if (own) own.push(dt)
    else months.set(monthOf(dt), [dt])
  }
  return [...months.values()].slice(0, count)
}
