/** The symbols of a dataset, and those of them that a query names: one by one or in ranges. */
import type { DatasetConfig } from '../../config/schema.ts'
import { type DatasetName, SymbolText } from '../_market/cell.ts'
import { RequestError } from './handler.ts'
import type { Node } from './node.ts'

/** Names and ranges in one question; a range stands for as many symbols as there are between its ends. */
const MOST_ITEMS = 200

/** All symbols of a dataset, sorted. */
export function membersOf(node: Node, spec: DatasetConfig): string[] {
  if (spec.universe === 'groups') return Object.keys(spec.groups ?? {}).sort()
  const symbols = node.config.universe.map(({ symbol }) => symbol)
  return symbols.filter((symbol) => spec.only?.includes(symbol) ?? true).sort()
}

/**
 * The members that a text such as `AAPL,MSFT` or `A..BRK.B,SPY` names. A range holds every symbol between its ends, both inclusive.
 * Throws RequestError: 404 for a symbol that is not collected, 400 for what is no symbol.
 */
export function symbolsNamed(node: Node, dataset: DatasetName, members: string[], text: string): string[] {
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
