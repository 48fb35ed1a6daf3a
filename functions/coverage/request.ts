/** Reads and checks a `/coverage` request: dataset, days and symbols. */
import type { Context } from 'hono'
import { z } from 'zod'
import type { DatasetConfig } from '../../config/schema.ts'
import { asofAt, expectedRange } from '../_expected/expected.ts'
import { datasetNamed, RequestError, readQuery, singleParam } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { membersOf, symbolsNamed } from '../_http/symbols-named.ts'
import type { DatasetName } from '../_market/cell.ts'
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
  const symbols = query.symbols === undefined ? members : symbolsNamed(node, found.dataset, members, query.symbols)
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
