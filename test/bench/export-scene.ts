/** The lake of the export benchmark: days of minutes, judged and recorded, as the database would have it. Nothing is held. */
import { copyFile, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { DatasetConfig } from '../../config/schema.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { sha256OfFile } from '../../functions/_lake/digest.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { curatedFile, ledgerFragment } from '../../functions/_lake/paths.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import { LEDGER_COLUMNS, LEDGER_FORMAT } from '../../functions/_ledger/fragment.ts'
import type { Dt } from '../../functions/_market/dt.ts'
import type { BundleRequest } from '../../functions/export/bundle.ts'
import type { PartitionRecord } from '../../functions/export/partitions.ts'
import { shippedConfig } from '../write-config.ts'

const DATASET = 'equities_bars_minute'
/** Cells of a partition. */
const SYMBOLS = 400
const ROWS_PER_CELL = 5
/** Bytes of a row of random doubles, about. */
const ROW_BYTES = 64
const CHECKED_AT = Date.UTC(2025, 6, 8, 22)

export class ExportScene {
  readonly records: PartitionRecord[] = []
  private readonly lake: Lake
  private readonly spec: DatasetConfig

  private constructor(lake: Lake, spec: DatasetConfig) {
    this.lake = lake
    this.spec = spec
  }

  /** So many partitions of so many bytes together. Their curated files have the same bytes, each in a file of its own: no value is looked at. */
  static async write(lake: Lake, partitions: number, bytes: number): Promise<ExportScene> {
    const { datasets } = await shippedConfig()
    const scene = new ExportScene(lake, datasets[DATASET]!)
    const days = calendarOf('xnys').sessions('2003-01-02', '2025-07-03').slice(-partitions)
    if (days.length < partitions) throw new Error(`expected at most ${days.length} partitions, got ${partitions}`)
    const template = join(dirname(lake.root), 'template.parquet')
    await scene.writeRows(template, Math.max(SYMBOLS * ROWS_PER_CELL, Math.round(bytes / partitions / ROW_BYTES)), 0)
    const sha256 = await sha256OfFile(template)
    for (const dt of days) {
      const file = scene.fileOf(dt)
      await mkdir(dirname(file), { recursive: true })
      await copyFile(template, file)
      scene.records.push(await scene.judged(dt, sha256))
    }
    await rm(template)
    return scene
  }

  /** A session is curated and judged again, as a correction has it. */
  async change(dt: Dt): Promise<void> {
    const file = this.fileOf(dt)
    await this.writeRows(`${file}.tmp`, SYMBOLS * ROWS_PER_CELL, 1)
    await rename(`${file}.tmp`, file)
    const at = this.records.findIndex(({ partition }) => partition === dt)
    this.records[at] = await this.judged(dt, await sha256OfFile(file))
  }

  request(asof: Dt, now: number): BundleRequest {
    const dataset = {
      name: DATASET,
      spec: this.spec,
      expectedCells: this.records.length * SYMBOLS,
      ranges: [],
    } as const
    return {
      asof,
      generatedAt: now,
      now,
      datasets: async () => [{ ...dataset, partitions: this.records }],
      rebuild: async (damaged) => {
        throw new Error(`expected no damage, got ${JSON.stringify(damaged[0])}`)
      },
      deliveredCells: async () => ({ cells: 0, first: [] }),
      explainedCells: async () => 0,
      conditions: async () => [],
      vintages: async () => false,
      instruments: async () => [],
      asItWas: null,
      acceptLacking: false,
      calendar: {},
      ruleset: 'bench',
      nodeVersion: '0.0.0',
      corrections: async () => ({ cells: [], counts: [], fields: [] }),
      secondViews: async () => ({ total: 0, cells: [] }),
    }
  }

  fileOf(dt: string): string {
    return curatedFile(this.lake.root, DATASET, this.spec.partition, dt)
  }

  private async writeRows(path: string, rows: number, seed: number): Promise<void> {
    const random = ['open', 'high', 'low', 'close', 'volume', 'vwap', 'trades', 'noise']
    const columns = random.map((name, at) => `hash(i * 8 + ${at + 8 * rows * seed})::DOUBLE / 3 AS ${name}`)
    const symbol = `'S' || lpad((i * ${SYMBOLS} // ${rows})::VARCHAR, 3, '0')`
    await this.lake.duck.run(
      `COPY (SELECT ${symbol} AS symbol, ${columns.join(', ')} FROM range(${rows}) t(i)) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd)`,
    )
    this.rows = rows
  }

  /** Rows of the file that was written last. */
  private rows = 0

  private async judged(dt: Dt, sha256: string): Promise<PartitionRecord> {
    const path = ledgerFragment(this.lake.root, DATASET, dt)
    await mkdir(dirname(path), { recursive: true })
    // The last cell has what is left over.
    const each = Math.floor(this.rows / SYMBOLS)
    const rest = this.rows - each * SYMBOLS
    const values: Record<keyof typeof LEDGER_COLUMNS, string> = {
      dataset: sqlText(DATASET),
      symbol: `'S' || lpad(i::VARCHAR, 3, '0')`,
      dt: `DATE ${sqlText(dt)}`,
      status: `'GREEN'`,
      second_vendor: 'NULL',
      action: 'NULL',
      flags: `''`,
      reason: 'NULL',
      expected_rows: String(each),
      rows: `${each} + IF(i = ${SYMBOLS - 1}, ${rest}, 0)`,
      vendor: `'alpaca'`,
      feed: `'sip'`,
      adjustment: `'raw'`,
      sha256: sqlText(sha256),
      digest: `md5(${sqlText(dt)} || i)`,
      ruleset: `'bench'`,
      checked_at: `make_timestamptz(${CHECKED_AT * 1000})`,
      provisional: 'false',
    }
    const list = Object.entries(LEDGER_COLUMNS).map(
      ([name, type]) => `(${values[name as keyof typeof LEDGER_COLUMNS]})::${type} AS "${name}"`,
    )
    await this.lake.duck.run(
      `COPY (SELECT ${list.join(', ')} FROM range(${SYMBOLS}) t(i) ORDER BY i) TO ${sqlText(path)} ${LEDGER_FORMAT}`,
    )
    return { partition: dt, curatedSha256: sha256, ledgerSha256: await sha256OfFile(path), behind: null }
  }
}
