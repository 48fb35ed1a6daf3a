/**
 * One part of the ledger benchmark as a process of its own. `history ROOT SYMBOLS DAY`: writes the fragments of twenty years of days and of two years of
 * minutes up to that day. `ledger`: the file of all fragments, as the chain has it. `night`: the fragments that the day belongs to, and the file again.
 */
import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { sha256OfFile } from '../../functions/_lake/digest.ts'
import { closeLake, type Lake, openLake } from '../../functions/_lake/lake.ts'
import { ledgerFragment } from '../../functions/_lake/paths.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import { LEDGER_COLUMNS, LEDGER_FORMAT } from '../../functions/_ledger/fragment.ts'
import { consolidateLedger, type Fragment } from '../../functions/_ledger/ledger.ts'
import { partitionDays, partitionOf } from '../../functions/_market/partition.ts'

const FIRST = '2005-01-01'
const FIRST_MINUTES = '2023-01-03'

const DAILY = { dataset: 'equities_bars', partition: 'year', from: FIRST, rows: 1 } as const
const MINUTES = { dataset: 'equities_bars_minute', partition: 'date', from: FIRST_MINUTES, rows: 390 } as const

type Series = typeof DAILY | typeof MINUTES

const sessions = (from: string, to: string): string[] => calendarOf('xnys').sessions(from, to)
const partitionsOf = ({ partition, from }: Series, to: string): string[] => [
  ...new Set(sessions(from, to).map((dt) => partitionOf(partition, dt))),
]

/** One cell in fifty has a flag. Digests are those of random rows, which no format makes smaller. */
async function writeFragmentOf(lake: Lake, series: Series, partition: string, to: string, symbols: number) {
  const { fromDt, toDt } = partitionDays(partition)
  const days = sessions(fromDt > series.from ? fromDt : series.from, toDt < to ? toDt : to)
  const path = ledgerFragment(lake.root, series.dataset, partition)
  await mkdir(dirname(path), { recursive: true })
  const isFlagged = `hash(dt, s) % 50 = 0`
  const values: Record<keyof typeof LEDGER_COLUMNS, string> = {
    dataset: sqlText(series.dataset),
    symbol: `'S' || lpad(s::VARCHAR, 4, '0')`,
    dt: 'dt::DATE',
    status: `IF(${isFlagged}, 'AMBER', 'GREEN')`,
    flags: `IF(${isFlagged}, 'MOVE_UNDONE', '')`,
    reason: 'NULL',
    expected_rows: String(series.rows),
    rows: String(series.rows),
    vendor: `'alpaca'`,
    feed: `'sip'`,
    adjustment: `'raw'`,
    sha256: `sha256(${sqlText(partition)})`,
    digest: `md5(concat(${sqlText(series.dataset)}, dt, s))`,
    provisional: `dt = ${sqlText(to)}`,
    second_vendor: 'NULL',
    action: 'NULL',
    ruleset: `'bench'`,
    checked_at: `TIMESTAMPTZ '2025-01-01 00:00:00+00'`,
  }
  const list = Object.entries(LEDGER_COLUMNS).map(
    ([name, type]) => `(${values[name as keyof typeof LEDGER_COLUMNS]})::${type} AS "${name}"`,
  )
  await lake.duck.run(
    `COPY (SELECT ${list.join(', ')} FROM range(${symbols}) r(s), unnest([${days.map(sqlText).join(', ')}]) d(dt) ORDER BY s, dt)
     TO ${sqlText(path)} ${LEDGER_FORMAT}`,
  )
}

/** Recorded, as the database would have it. */
async function fragmentsUpTo(lake: Lake, to: string): Promise<Fragment[]> {
  const fragments: Fragment[] = []
  for (const series of [DAILY, MINUTES]) {
    for (const partition of partitionsOf(series, to)) {
      const path = ledgerFragment(lake.root, series.dataset, partition)
      fragments.push({ dataset: series.dataset, partition, path, sha256: await sha256OfFile(path) })
    }
  }
  return fragments
}

const ledger = async (lake: Lake, to: string): Promise<number> =>
  (await consolidateLedger(lake, await fragmentsUpTo(lake, to))).rows

const PARTS: Record<string, (lake: Lake, symbols: number, to: string) => Promise<number>> = {
  async history(lake, symbols, to) {
    for (const series of [DAILY, MINUTES]) {
      for (const partition of partitionsOf(series, to)) await writeFragmentOf(lake, series, partition, to, symbols)
    }
    return 0
  },
  ledger: (lake, _symbols, to) => ledger(lake, to),
  async night(lake, symbols, to) {
    for (const series of [DAILY, MINUTES])
      await writeFragmentOf(lake, series, partitionOf(series.partition, to), to, symbols)
    return await ledger(lake, to)
  },
}

const [mode = '', root = '', symbols, to = ''] = process.argv.slice(2)
const lake = openLake({ root, exportRoot: join(root, '../exports') })
// DuckDB is loaded before anything is measured.
await lake.duck.run('SELECT 1')
const begun = performance.now()
const rows = await PARTS[mode]!(lake, Number(symbols), to)
const seconds = (performance.now() - begun) / 1000
await closeLake(lake)
// What `resourceUsage` calls the maximum begins with that of the process which started this one.
const status = await readFile('/proc/self/status', 'utf8')
const megabytes = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1024
process.stdout.write(`${JSON.stringify({ seconds, rows, megabytes })}\n`)
