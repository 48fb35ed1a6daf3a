/** Which raw files and versions of a partition may be curated: those that the database knows as delivered or adopted. */
import { basename, dirname } from 'node:path'
import { withTable } from '../_lake/duck-table.ts'
import type { Lake } from '../_lake/lake.ts'
import { rawFileParts } from '../_lake/paths.ts'
import { sqlText } from '../_lake/sql-text.ts'
import type { Dt } from '../_market/dt.ts'

/** What was accepted of one vendor's day. */
export interface AcceptedDay {
  dt: Dt
  vendor: string
  symbols: readonly string[]
}

export interface Accepted {
  /** DuckDB's table of the accepted versions that have a file: vendor, symbol, dt. */
  table: string
  /** The files in which an accepted cell may lie, sorted. */
  files: string[]
  /** The others: nobody accepted anything of them. */
  unaccepted: string[]
}

interface DayFiles {
  shared: string | null
  bySymbol: Map<string, string>
}

/**
 * Runs `fn` with what is accepted of these raw files. `days` come some at a time, so that a year of 3,000 symbols is never in our own memory at once.
 * A file of an own cell needs that cell, a file that a day's symbols share any cell of its vendor's day: which of them, the table says.
 */
export async function withAccepted<T>(
  lake: Lake,
  files: readonly string[],
  days: AsyncIterable<readonly AcceptedDay[]>,
  fn: (accepted: Accepted) => Promise<T>,
): Promise<T> {
  const byDay = filesByDay(lake, files)
  return withTable(lake.duck, 'accepted', { vendor: 'VARCHAR', symbol: 'VARCHAR', dt: 'DATE' }, [], async (table) => {
    const chosen = new Set<string>()
    for await (const some of days) {
      const there = some.filter(({ vendor, dt }) => byDay.has(dayKey(vendor, dt)))
      for (const day of there) choose(byDay.get(dayKey(day.vendor, day.dt)) as DayFiles, day, chosen)
      if (there.length > 0) await lake.duck.run(`INSERT INTO ${table} ${versionsSql(there)}`)
    }
    return fn({
      table,
      files: files.filter((file) => chosen.has(file)),
      unaccepted: files.filter((file) => !chosen.has(file)),
    })
  })
}

const dayKey = (vendor: string, dt: Dt): string => `${vendor} ${dt}`

function filesByDay(lake: Lake, files: readonly string[]): Map<string, DayFiles> {
  const byDay = new Map<string, DayFiles>()
  for (const file of files) {
    const parts = rawFileParts(lake.root, file)
    if (!parts) throw new Error(`expected a raw file, got ${file}`)
    const key = dayKey(parts.vendor, parts.dt)
    const day = byDay.get(key) ?? { shared: null, bySymbol: new Map() }
    if (parts.symbol === null) day.shared = file
    else if (!areTwins(day.bySymbol.get(parts.symbol), file)) day.bySymbol.set(parts.symbol, file)
    byDay.set(key, day)
  }
  return byDay
}

/** Folders of one ticker like CON, encoded and plain: the encoded one, which sorts first, is where answers and adoption look first. */
const areTwins = (before: string | undefined, file: string): boolean =>
  before !== undefined && kindOf(before) === kindOf(file)

const kindOf = (file: string): string => basename(dirname(file)).split('=')[0] ?? ''

function choose({ shared, bySymbol }: DayFiles, { symbols }: AcceptedDay, chosen: Set<string>): void {
  if (shared !== null && symbols.length > 0) chosen.add(shared)
  if (bySymbol.size === 0) return
  for (const symbol of symbols) {
    const own = bySymbol.get(symbol)
    if (own !== undefined) chosen.add(own)
  }
}

/** One JSON text a statement: a VALUES list of thousands takes a second. */
const versionsSql = (days: readonly AcceptedDay[]): string =>
  `SELECT day.vendor, unnest(day.symbols) AS symbol, day.dt FROM (
    SELECT unnest(from_json(${sqlText(JSON.stringify(days))}, '[{"vendor":"VARCHAR","dt":"DATE","symbols":["VARCHAR"]}]')) AS day)`
