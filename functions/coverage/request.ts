/** Reads and checks a `/coverage` request: dataset, days and symbols. */
import type { Context } from 'hono'
import { z } from 'zod'
import type { DatasetConfig } from '../../config/schema.ts'
import { asofAt, expectedRange } from '../_expected/expected.ts'
import { datasetNamed, RequestError, readQuery, singleParam } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { type DatasetName, SymbolText } from '../_market/cell.ts'
import { type Dt, DtText, maxDt, minDt } from '../_market/dt.ts'

export type Period = 'year' | 'month'

export interface CoverageRequest {
  dataset: DatasetName
  spec: DatasetConfig
  asof: Dt
  /** Days asked about, both inclusive, clipped to what is expected of the dataset. */
  from: Dt
  to: Dt
  /** All symbols of the dataset, and those asked about; both sorted. */
  members: string[]
  symbols: string[]
  by: Period
}

/** Names and ranges in one question; a range stands for as many symbols as there are between its ends. */
const MOST_ITEMS = 200

export const CoverageQuery = z.strictObject({
  from: singleParam(DtText),
  to: singleParam(DtText),
  symbols: singleParam(z.string()),
  by: singleParam(z.enum(['year', 'month'])),
})

/** Throws RequestError: 404 for a dataset or a symbol that is not collected, 400 for what cannot be asked. */
export function readRequest(node: Node, c: Context, datasetText: string): CoverageRequest {
  const found = datasetNamed(node, datasetText)
  const query = readQuery(c, CoverageQuery)
  const asof = asofAt(node.now())
  const { fromDt, toDt } = expectedRange(found.spec, asof)
  // One end alone, beyond what is expected, is no contradiction: it asks about days of which nothing is expected.
  const to = query.to ?? maxDt(toDt, query.from ?? toDt)
  const from = query.from ?? minDt(fromDt, to)
  if (from > to) throw new RequestError(400, `from: ${from} lies after to, ${to}`)
  const members = membersOf(node, found.spec)
  const symbols = query.symbols === undefined ? members : selectedFrom(node, found.dataset, members, query.symbols)
  return {
    ...found,
    asof,
    ...clipped({ from, to }, { from: fromDt, to: toDt }),
    members,
    symbols,
    by: query.by ?? 'year',
  }
}

interface Days {
  from: Dt
  to: Dt
}

/** The part of the days asked about that is expected; all of them where none is. */
function clipped(asked: Days, expected: Days): Days {
  if (asked.to < expected.from || asked.from > expected.to) return asked
  return { from: maxDt(asked.from, expected.from), to: minDt(asked.to, expected.to) }
}

function membersOf(node: Node, spec: DatasetConfig): string[] {
  if (spec.universe === 'groups') return Object.keys(spec.groups ?? {}).sort()
  const symbols = node.config.universe.map(({ symbol }) => symbol)
  return symbols.filter((symbol) => spec.only?.includes(symbol) ?? true).sort()
}

/** The members that a text such as `AAPL,MSFT` or `A..BRK.B,SPY` names. A range holds every symbol between its ends, both inclusive. */
function selectedFrom(node: Node, dataset: DatasetName, members: string[], text: string): string[] {
  const items = text.split(',')
  if (items.length > MOST_ITEMS) {
    throw new RequestError(
      400,
      `symbols: expected at most ${MOST_ITEMS} names or ranges such as A..BRK.B, got ${items.length}`,
    )
  }
  const wanted = new Set(items.flatMap((item) => membersNamed(node, dataset, members, item)))
  return members.filter((symbol) => wanted.has(symbol))
}

function membersNamed(node: Node, dataset: DatasetName, members: string[], item: string): string[] {
  const ends = item.split('..')
  for (const end of ends) {
    const parsed = SymbolText.safeParse(end)
    if (!parsed.success) throw new RequestError(400, `symbols: ${parsed.error.issues[0]?.message}`)
  }
  const [first = '', last = first, ...more] = ends
  if (more.length > 0) throw new RequestError(400, `symbols: expected a range such as A..BRK.B, got ${item}`)
  const found = members.filter((symbol) => symbol >= first && symbol <= last)
  if (found.length > 0) return found
  const now = node.config.universe.find(({ was = [] }) => was.some(({ symbol }) => symbol === item))
  const hint = now ? `${item} is a former name of ${now.symbol}` : `it has ${members.length} others`
  throw new RequestError(404, `symbols: no ${item} in ${dataset}: ${hint}`)
}
