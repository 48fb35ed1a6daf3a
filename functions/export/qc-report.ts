/** The report of a bundle on its quality: cells by flag and by day, and the worst of them with the bars around. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lake } from '../_lake/lake.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import { curatedFile } from '../_lake/paths.ts'
import { sqlText } from '../_lake/sql-text.ts'
import type { Dt } from '../_market/dt.ts'
import { partitionOf } from '../_market/partition.ts'
import { type DrawnBar, drawBars } from './draw-bars.ts'
import type { BundledDataset } from './partitions.ts'
import { LEDGER_PATH } from './stage.ts'
import { type BundleFile, described } from './stage-vouched.ts'

export const REPORT_PATH = 'qc/report.md'

const MOST_CELLS = 20
const MOST_DAYS = 30
/** Bars to each side of a daily one. */
const AROUND = 10
/** Bars whose prices stand in the text, to each side. */
const IN_TEXT = 2
/** Minutes that a drawn bar of a minute cell spans. */
const MINUTES_A_BAR = 10

interface WorstCell {
  dataset: string
  symbol: string
  dt: Dt
  status: string
  flags: string
  vendor: string | null
  action: string | null
}

interface Around {
  bars: DrawnBar[]
  /** Where the cell stands among them; -1 where it is all of them. */
  marked: number
}

/** Writes `qc/report.md` and its pictures. The same ledger and curated files give the same bytes. */
export async function stageReport(
  lake: Lake,
  staging: string,
  datasets: readonly BundledDataset[],
  asof: Dt,
): Promise<BundleFile[]> {
  const ledger = readParquet(join(staging, LEDGER_PATH))
  const files: BundleFile[] = []
  const put = async (path: string, text: string): Promise<void> => {
    await mkdir(join(staging, path, '..'), { recursive: true })
    await writeFile(join(staging, path), text)
    files.push(await described(staging, path))
  }
  const sections: string[] = []
  for (const [at, cell] of (await worstCells(lake, ledger, datasets)).entries()) {
    const around = await barsAround(lake, cell, datasets, asof)
    const picture = `pictures/${String(at + 1).padStart(2, '0')}.svg`
    if (around.bars.length > 0) {
      await put(`qc/${picture}`, drawBars(around.bars, around.marked, `${cell.dataset} ${cell.symbol} ${cell.dt}`))
    }
    sections.push(cellText(cell, around, around.bars.length > 0 ? picture : null))
  }
  await put(REPORT_PATH, reportText(await byFlag(lake, ledger), await byDay(lake, ledger), sections))
  return files
}

type Row = Record<string, string | number | null>

const byFlag = (lake: Lake, ledger: string): Promise<Row[]> =>
  lake.duck.all(`
    SELECT dataset, flag, status, count(*) AS cells, min(dt) AS first, max(dt) AS last
    FROM (SELECT dataset, status, dt, unnest(string_split(flags, ',')) AS flag FROM ${ledger} WHERE status <> 'GREEN' AND flags <> '')
    GROUP BY ALL ORDER BY dataset, status DESC, cells DESC, flag`)

const byDay = (lake: Lake, ledger: string): Promise<Row[]> =>
  lake.duck.all(`
    SELECT dt, dataset, count(*) FILTER (WHERE status = 'RED') AS red, count(*) FILTER (WHERE status = 'AMBER') AS amber, count(*) AS cells
    FROM ${ledger} WHERE dt IN (SELECT DISTINCT dt FROM ${ledger} ORDER BY dt DESC LIMIT ${MOST_DAYS})
    GROUP BY ALL HAVING red + amber > 0 ORDER BY dt DESC, dataset`)

/** RED before AMBER, many flags before few, new before old. Cells with bars alone: a cell without rows has nothing to show. */
function worstCells(lake: Lake, ledger: string, datasets: readonly BundledDataset[]): Promise<WorstCell[]> {
  const withBars = datasets.flatMap(({ name, spec }) => (kindOf(spec) === null ? [] : [sqlText(name)]))
  if (withBars.length === 0) return Promise.resolve([])
  return lake.duck.all<WorstCell & Row>(`
    SELECT dataset, symbol, dt, status, flags, vendor, action FROM ${ledger}
    WHERE status <> 'GREEN' AND "rows" > 0 AND dataset IN (${withBars.join(', ')})
    ORDER BY status = 'RED' DESC, len(string_split(flags, ',')) DESC, dt DESC, dataset, symbol LIMIT ${MOST_CELLS}`)
}

const kindOf = ({ expected_rows: kind }: BundledDataset['spec']): 'daily' | 'minute' | null =>
  kind === 'one' ? 'daily' : kind === 'session_minutes' ? 'minute' : null

/** From the node's own curated file, which holds what is kept back as well; nothing where it cannot be read. */
async function barsAround(
  lake: Lake,
  { dataset, symbol, dt }: WorstCell,
  datasets: readonly BundledDataset[],
  asof: Dt,
): Promise<Around> {
  const { name, spec } = datasets.find((one) => one.name === dataset)!
  const from = readParquet(curatedFile(lake.root, name, spec.partition, partitionOf(spec.partition, dt)))
  const where = `FROM ${from} WHERE symbol = ${sqlText(symbol)} AND dt <= DATE ${sqlText(asof)}`
  const sql =
    kindOf(spec) === 'daily'
      ? `SELECT dt::VARCHAR AS at, open, high, low, close ${where} ORDER BY dt`
      : `SELECT strftime(min(ts), '%H:%M') AS at, arg_min(open, ts) AS open, max(high) AS high, min(low) AS low, arg_max(close, ts) AS close
         ${where} AND dt = DATE ${sqlText(dt)} GROUP BY time_bucket(INTERVAL ${MINUTES_A_BAR} MINUTE, ts) ORDER BY min(ts)`
  const bars = await lake.duck.all<DrawnBar & Row>(sql).catch(() => [])
  if (kindOf(spec) !== 'daily') return { bars, marked: -1 }
  const at = bars.findIndex((bar) => bar.at === dt)
  const first = Math.max(0, at - AROUND)
  return { bars: bars.slice(first, at + AROUND + 1), marked: at - first }
}

function cellText(
  { dataset, symbol, dt, status, flags, vendor, action }: WorstCell,
  around: Around,
  picture: string | null,
): string {
  const { bars, marked } = around
  const shown = marked < 0 ? [] : bars.slice(Math.max(0, marked - IN_TEXT), marked + IN_TEXT + 1)
  return [
    `### ${symbol} ${dt}, ${dataset}: ${status}`,
    `${flags.replaceAll(',', ', ')}; from ${vendor ?? 'nobody'}${action === null ? '' : `; ${action}`}.`,
    ...(picture === null ? [] : [`![bars around ${symbol} ${dt}](${picture})`]),
    ...(shown.length === 0
      ? []
      : [
          table(
            ['bar', 'open', 'high', 'low', 'close'],
            shown.map((bar) => [bar.at === dt ? `**${bar.at}**` : bar.at, bar.open, bar.high, bar.low, bar.close]),
          ),
        ]),
  ].join('\n\n')
}

function reportText(flags: readonly Row[], days: readonly Row[], cells: readonly string[]): string {
  return `${[
    '# Quality of this bundle',
    'RED cells are kept back, AMBER ones travel with their flags. docs/quality-checks.md of the node says what each flag means; `qc/partition_status.parquet` has every cell.',
    '## By flag',
    rowsText(flags, ['dataset', 'flag', 'status', 'cells', 'first', 'last'], 'No cell has a flag.'),
    `## By day, of the newest ${MOST_DAYS}`,
    rowsText(days, ['dt', 'dataset', 'red', 'amber', 'cells'], 'Every cell of these days is GREEN.'),
    '## The worst cells',
    ...(cells.length === 0 ? ['None with bars.'] : cells),
  ].join('\n\n')}\n`
}

const rowsText = (rows: readonly Row[], columns: readonly string[], none: string): string =>
  rows.length === 0
    ? none
    : table(
        columns,
        rows.map((row) => columns.map((name) => row[name] ?? '')),
      )

const table = (heads: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string =>
  [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
