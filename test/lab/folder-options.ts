/** Options played from a folder of CSV files: minutes with trades of any contracts, as the files hold them. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Dt, minDt } from '../../functions/_market/dt.ts'
import { numberOf, readCsv, stampOf } from './csv.ts'
import { newYorkDt } from './new-york.ts'
import { dailyOf } from './option-days.ts'
import { type LabContract, type OptionSource, partsOfOcc } from './option-source.ts'
import type { BarSource, LabBar } from './source.ts'

const COLUMNS = ['symbol', 'ts_utc', 'open', 'high', 'low', 'close', 'volume'] as const

/**
 * Reads every `*.csv` of the folder, header `symbol,ts_utc,open,high,low,close,volume`, symbols in OCC form without padding. The
 * contracts are those with a row, listed from their first; the underlier is the root. Daily bars are made of the minutes.
 * Throws an Error that names file and line for what cannot be read.
 */
export function folderOptions(root: string): OptionSource {
  const bySymbol = new Map<string, LabBar[]>()
  const names = readdirSync(root)
    .filter((name) => name.endsWith('.csv'))
    .sort()
  if (names.length === 0) throw new Error(`expected a folder with CSV files of option bars, got none: ${root}`)
  for (const name of names) readInto(bySymbol, join(root, name))

  const contracts = [...bySymbol].map(([symbol, bars]): LabContract => contractOf(symbol, bars))
  contracts.sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
  const underliers = [...new Set(contracts.map((contract) => contract.underlier))]
  const days = [...new Set([...bySymbol.values()].flat().map((bar) => bar.dt))].sort()

  const barsOf = (symbol: string, from: Dt, to: Dt): LabBar[] =>
    (bySymbol.get(symbol) ?? []).filter((bar) => bar.dt >= from && bar.dt <= to)
  const daysOf = (symbol: string, from: Dt, to: Dt): Dt[] =>
    [...new Set(barsOf(symbol, from, to).map((bar) => bar.dt))].sort()
  const bars: BarSource = {
    symbols: () => [...bySymbol.keys()].sort(),
    daily: (symbol, from, to) => daysOf(symbol, from, to).flatMap((dt) => dailyOf(barsOf(symbol, dt, dt))),
    minute: (symbol, fromMs, toMs) => (bySymbol.get(symbol) ?? []).filter((bar) => bar.ts >= fromMs && bar.ts <= toMs),
    minuteDays: daysOf,
    splits: () => [],
    lastSession: () => days.at(-1),
    firstDaily: () => days[0],
    firstMinute: () => days[0],
  }
  return {
    underliers: () => underliers,
    contracts: (underlier) => contracts.filter((contract) => contract.underlier === underlier),
    bars,
  }
}

function readInto(bySymbol: Map<string, LabBar[]>, path: string): void {
  const file = readCsv(path, COLUMNS)
  for (const [line, row] of file.lines) {
    const symbol = row.symbol ?? ''
    if (!partsOfOcc(symbol)) {
      throw new Error(
        `${path}:${line}: expected an OCC symbol such as AAPL240119C00300000, got ${JSON.stringify(symbol)}`,
      )
    }
    const ts = stampOf(file, line, 'ts_utc', row.ts_utc)
    const bars = bySymbol.get(symbol) ?? []
    bars.push({
      ts,
      dt: newYorkDt(ts),
      o: numberOf(file, line, 'open', row.open),
      h: numberOf(file, line, 'high', row.high),
      l: numberOf(file, line, 'low', row.low),
      c: numberOf(file, line, 'close', row.close),
      v: numberOf(file, line, 'volume', row.volume),
    })
    bySymbol.set(symbol, bars)
  }
}

function contractOf(symbol: string, bars: readonly LabBar[]): LabContract {
  const parts = partsOfOcc(symbol)
  if (!parts) throw new Error(`expected an OCC symbol, got ${symbol}`)
  return { symbol, underlier: parts.root, ...parts, listedDt: bars.map((bar) => bar.dt).reduce(minDt), shares: 100 }
}
