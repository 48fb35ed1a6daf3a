/** A vendor played from a folder of CSV files: every row exactly as the file holds it, faults included. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Dt, isDt, maxDt, minDt } from '../../functions/_market/dt.ts'
import { BoundedCache } from './bounded-cache.ts'
import { type CsvFile, numberOf, readCsv, stampOf } from './csv.ts'
import { newYorkDt } from './new-york.ts'
import type { BarSource, LabBar, LabSplit } from './source.ts'

const COLUMNS = ['symbol', 'ts_utc', 'open', 'high', 'low', 'close', 'volume', 'session'] as const
/** Rows kept in memory over all files: some 200 MB at the most. */
const ROWS_KEPT = 1_000_000

/** Rows of corporate_actions/*.csv as text by column name; not served over HTTP. */
export interface FolderActions {
  splits: Record<string, string>[]
  dividends: Record<string, string>[]
}

export interface FolderSource extends BarSource {
  actions(): FolderActions
}

/** One minute file and the days its stamps really lie on, whatever its name says. */
interface MinuteFile {
  path: string
  days: Dt[]
}

/**
 * Reads `daily/SYM.csv` and `minute/SYM_YYYYMMDD.csv` (both folders optional, one needed) and `corporate_actions/*.csv`.
 * Duplicates, disorder, rows on closed days, odd stamps and negative numbers are served as they are; empty, NaN and null
 * fields become null. Optional columns `vwap` and `trades` are honoured. Files are read when their symbol is first asked for.
 * Throws an Error that names file and line for what cannot be read.
 */
export function folderBars(root: string): FolderSource {
  const entries = readdirSync(root).sort()
  if (!entries.includes('daily') && !entries.includes('minute')) {
    throw new Error(
      `expected a folder with daily/ or minute/ in it, got ${entries.slice(0, 5).join(', ') || 'nothing'}: ${root}`,
    )
  }
  const list = (folder: string): string[] =>
    entries.includes(folder)
      ? readdirSync(join(root, folder))
          .filter((name) => name.endsWith('.csv'))
          .sort()
      : []
  const dailyFiles = new Map(list('daily').map((name) => [name.slice(0, -4), join(root, 'daily', name)]))
  const minuteNames = new Map<string, string[]>()
  for (const name of list('minute')) {
    const match = /^(.+)_\d{8}\.csv$/.exec(name)
    if (!match) throw new Error(`expected a minute file named SYM_YYYYMMDD.csv, got ${join(root, 'minute', name)}`)
    const symbol = match[1] as string
    minuteNames.set(symbol, [...(minuteNames.get(symbol) ?? []), join(root, 'minute', name)])
  }

  const rows = new BoundedCache<LabBar[]>(ROWS_KEPT, (bars) => bars.length + 1)
  const barsOf = (path: string, symbol: string) => rows.get(path, () => readBars(path, symbol))
  const minuteFiles = new Map<string, MinuteFile[]>()
  // A stamp may lie on another day than its file's name says, so a symbol's files are all read once to learn their days.
  const minuteFilesOf = (symbol: string): MinuteFile[] => {
    let files = minuteFiles.get(symbol)
    if (!files) {
      files = (minuteNames.get(symbol) ?? []).map((path) => ({
        path,
        days: [...new Set(barsOf(path, symbol).map((bar) => bar.dt))],
      }))
      minuteFiles.set(symbol, files)
    }
    return files
  }
  const dailyOf = (symbol: string): LabBar[] => {
    const path = dailyFiles.get(symbol)
    return path === undefined ? [] : barsOf(path, symbol)
  }

  const symbols = [...new Set([...dailyFiles.keys(), ...minuteNames.keys()])].sort()
  const actions = lazily(() => readActions(join(root, 'corporate_actions')))
  const dailyDays = lazily(() => symbols.flatMap((symbol) => edges(dailyOf(symbol).map((bar) => bar.dt))))
  const minuteDays = lazily(() =>
    symbols.flatMap((symbol) => edges(minuteFilesOf(symbol).flatMap((file) => file.days))),
  )

  return {
    symbols: () => symbols,
    daily: (symbol, from, to) => dailyOf(symbol).filter((bar) => bar.dt >= from && bar.dt <= to),
    minute(symbol, fromMs, toMs) {
      const from = newYorkDt(fromMs)
      const to = newYorkDt(toMs)
      return minuteFilesOf(symbol)
        .filter((file) => file.days.some((dt) => dt >= from && dt <= to))
        .flatMap((file) => barsOf(file.path, symbol).filter((bar) => bar.ts >= fromMs && bar.ts <= toMs))
    },
    minuteDays(symbol, from, to) {
      const days = new Set(minuteFilesOf(symbol).flatMap((file) => file.days))
      return [...days].filter((dt) => dt >= from && dt <= to).sort()
    },
    splits: (symbol) =>
      actions()
        .splits.filter((row) => row.symbol === symbol)
        .flatMap(splitOf),
    lastSession: () => edges([...dailyDays(), ...minuteDays()])[1],
    firstDaily: () => edges(dailyDays())[0],
    firstMinute: () => edges(minuteDays())[0],
    actions,
  }
}

function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** The first and the last of some days; nothing of none. */
const edges = (days: Dt[]): Dt[] => (days.length === 0 ? [] : [days.reduce(minDt), days.reduce(maxDt)])

/** Rows of other symbols in a symbol's file are a mistake of the folder, not a fault to be played. */
function readBars(path: string, symbol: string): LabBar[] {
  const file: CsvFile = readCsv(path, COLUMNS)
  return file.lines.map(([line, row]) => {
    if (row.symbol !== symbol) {
      throw new Error(
        `${path}:${line}: expected the symbol ${symbol} of the file's name, got ${JSON.stringify(row.symbol)}`,
      )
    }
    const ts = stampOf(file, line, 'ts_utc', row.ts_utc)
    const bar: LabBar = {
      ts,
      dt: newYorkDt(ts),
      o: numberOf(file, line, 'open', row.open),
      h: numberOf(file, line, 'high', row.high),
      l: numberOf(file, line, 'low', row.low),
      c: numberOf(file, line, 'close', row.close),
      v: numberOf(file, line, 'volume', row.volume),
    }
    if ('vwap' in row) bar.vw = numberOf(file, line, 'vwap', row.vwap)
    if ('trades' in row) bar.n = numberOf(file, line, 'trades', row.trades)
    return bar
  })
}

function readActions(folder: string): FolderActions {
  const read = (name: string, columns: string[]): Record<string, string>[] => {
    try {
      if (!readdirSync(folder).includes(name)) return []
    } catch {
      return []
    }
    return readCsv(join(folder, name), columns).lines.map(([, row]) => row)
  }
  return {
    splits: read('splits.csv', ['symbol', 'ex_date', 'ratio_new_per_old']),
    dividends: read('dividends.csv', ['symbol', 'ex_date', 'implied_dividend']),
  }
}

function splitOf(row: Record<string, string>): LabSplit[] {
  const ratio = Number(row.ratio_new_per_old)
  return row.ex_date !== undefined && isDt(row.ex_date) && ratio > 0 ? [{ exDt: row.ex_date, ratio }] : []
}
