/** Which cells of a dataset a date's sample holds, each with the second vendor that is asked for it. */
import { type Attempt, listAttempts } from '../../db/attempts/list-attempts.ts'
import { knownMonths } from '../../db/coverage/known-months.ts'
import { storedVersions } from '../../db/manifests/stored-versions.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { availabilityOf, historyStart } from '../_catalog/availability.ts'
import { type DatasetSource, sourcesFor, specOf } from '../_catalog/catalog.ts'
import { houseOf } from '../_catalog/house-of.ts'
import { type SymbolRange, symbolRanges } from '../_expected/expected.ts'
import type { Node } from '../_http/node.ts'
import { type CellKey, cellKey, type DatasetName } from '../_market/cell.ts'
import { type Dt, dayBit, maxDt, monthOf } from '../_market/dt.ts'
import { inOrderOf } from './hash-order.ts'

export interface SampledCell {
  symbol: string
  dt: Dt
  vendor: string
  /** From when the vendor has it, epoch ms. */
  nextAt: number
}

/** A call that holds a year of a symbol's days is one that holds its history. */
const ROWS_OF_A_HISTORY = 250

/**
 * `session`: a share of the symbols on the newest session, by the hash of date and symbol. `history`: all days of a few symbols, where the second
 * vendor serves them in one call. Only cells that are present and that nobody but one house has answered for.
 */
export async function sampledCells(
  node: Node,
  dataset: DatasetName,
  asof: Dt,
): Promise<{ session: SampledCell[]; history: SampledCell[] }> {
  const spec = specOf(node.config, dataset)
  const sources = sourcesFor(node, dataset).toSorted((a, b) => b.terms.preference - a.terms.preference)
  const isCompared = spec.expected_rows === 'one' || spec.expected_rows === 'session_minutes'
  if (!isCompared || new Set(sources.map(({ connection }) => houseOf(node, connection.name))).size < 2)
    return { session: [], history: [] }
  const { sample_share: share, sample_histories: histories } = node.config.qc.asking
  const alive = symbolRanges(node.config, spec, asof).filter(({ toDt }) => toDt >= asof)
  const chosen = inOrderOf(`${dataset} ${asof}`, alive, ({ symbol }) => symbol).slice(
    0,
    Math.ceil(share * alive.length),
  )
  const isSession = calendarOf(spec.calendar).session(asof) !== null
  const session = isSession ? await secondReadings(node, dataset, chosen, [asof], sources) : []
  const history: SampledCell[] = []
  for (const source of spec.expected_rows === 'one' ? sources.filter(holdsHistories) : []) {
    const order = inOrderOf(`${dataset} ${asof} ${source.connection.name}`, alive, ({ symbol }) => symbol)
    for (const range of order.slice(0, histories)) {
      const from = maxDt(range.fromDt, historyStart(source.terms.history, node.now()))
      const days = calendarOf(spec.calendar).sessions(from, asof).slice(-source.terms.shape.rows_per_page)
      const known = new Set(session.map(({ symbol, dt }) => cellKey(symbol, dt)))
      const found = await secondReadings(node, dataset, [range], days, [source])
      history.push(...found.filter(({ symbol, dt }) => !known.has(cellKey(symbol, dt))))
    }
  }
  return { session, history }
}

const holdsHistories = ({ terms: { shape } }: DatasetSource): boolean =>
  shape.symbols_per_call === 1 && shape.rows_per_page >= ROWS_OF_A_HISTORY

/** Of the present cells those that only one house has answered for, with the most preferred vendor of another house that serves them. */
async function secondReadings(
  node: Node,
  dataset: DatasetName,
  ranges: readonly SymbolRange[],
  days: readonly Dt[],
  sources: readonly DatasetSource[],
): Promise<SampledCell[]> {
  const symbols = ranges.map(({ symbol }) => symbol)
  const months = [...new Set(days.map(monthOf))]
  const masks = new Map(
    (await knownMonths(node.db, dataset, symbols, months)).map((row) => [`${row.symbol} ${row.month}`, row]),
  )
  const cells = symbols.flatMap((symbol) =>
    days
      .filter((dt) => {
        const row = masks.get(`${symbol} ${monthOf(dt)}`)
        return row !== undefined && (row.present & ~row.open & dayBit(dt)) !== 0
      })
      .map((dt) => ({ symbol, dt })),
  )
  const answers = new Map<CellKey, Attempt[]>()
  for (const row of cells.length === 0 ? [] : await listAttempts(node.db, dataset, cells)) {
    const own = answers.get(cellKey(row.symbol, row.dt))
    if (own) own.push(row)
    else answers.set(cellKey(row.symbol, row.dt), [row])
  }
  return cells.flatMap((cell) =>
    readingOf(node, dataset, cell, answers.get(cellKey(cell.symbol, cell.dt)) ?? [], sources),
  )
}

function readingOf(
  node: Node,
  dataset: DatasetName,
  cell: { symbol: string; dt: Dt },
  answers: readonly Attempt[],
  sources: readonly DatasetSource[],
): SampledCell[] {
  const houses = new Set(answers.map(({ vendor }) => houseOf(node, vendor)))
  const hasVersion = answers.some(storedVersions)
  if (!hasVersion || houses.size > 1) return []
  for (const { connection, terms } of sources) {
    if (houses.has(houseOf(node, connection.name))) continue
    const served = availabilityOf(terms, specOf(node.config, dataset), cell.dt, node.now())
    if (served.can === 'never') continue
    return [{ ...cell, vendor: connection.name, nextAt: served.can === 'now' ? node.now() : served.at }]
  }
  return []
}
