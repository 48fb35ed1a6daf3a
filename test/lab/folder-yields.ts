/** FRED played from a folder of CSV files, one a series: `DGS10.csv` with the columns `observation_date,DGS10`. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Dt, isDt, maxDt } from '../../functions/_market/dt.ts'
import { readCsv } from './csv.ts'
import type { Observation, YieldSource } from './source.ts'

/**
 * Values are served as the text the file holds; an empty one is ".". A series without a file does not exist. Rows are served in
 * file order. Throws an Error that names file and line for what cannot be read.
 */
export function folderYields(root: string): YieldSource {
  const names = readdirSync(root)
    .filter((name) => name.endsWith('.csv'))
    .sort()
  if (names.length === 0) throw new Error(`expected a folder with CSV files named after FRED series, got none: ${root}`)
  const ids = names.map((name) => name.slice(0, -4))
  const read = new Map<string, Observation[]>()
  const rowsOf = (id: string): Observation[] => {
    if (!ids.includes(id)) return []
    let rows = read.get(id)
    if (!rows) {
      rows = readSeries(join(root, `${id}.csv`), id)
      read.set(id, rows)
    }
    return rows
  }
  return {
    series: () => ids,
    observations: (id, from, to) => rowsOf(id).filter((row) => row.date >= from && row.date <= to),
    last: () =>
      ids
        .flatMap((id) => rowsOf(id))
        .reduce<Dt | undefined>((newest, row) => (newest ? maxDt(newest, row.date) : row.date), undefined),
  }
}

function readSeries(path: string, id: string): Observation[] {
  return readCsv(path, ['observation_date', id]).lines.map(([line, row]) => {
    const date = row.observation_date ?? ''
    if (!isDt(date)) throw new Error(`${path}:${line}: expected a day as YYYY-MM-DD, got ${JSON.stringify(date)}`)
    return { date, value: row[id] === '' ? '.' : (row[id] ?? '.') }
  })
}
