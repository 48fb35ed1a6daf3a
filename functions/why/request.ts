/** Reads and checks a `/why` request: the three parts of the path name a cell. */
import type { Context } from 'hono'
import type { DatasetConfig } from '../../config/schema.ts'
import { datasetNamed, RequestError } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { type DatasetName, SymbolText } from '../_market/cell.ts'
import { type Dt, DtText } from '../_market/dt.ts'

export interface Cell {
  dataset: DatasetName
  spec: DatasetConfig
  symbol: string
  dt: Dt
}

/** Throws RequestError: 404 for a dataset that is not collected, 400 for a symbol or a day that cannot be one. */
export function readCell(node: Node, c: Context): Cell {
  const found = datasetNamed(node, c.req.param('dataset') ?? '')
  const symbol = SymbolText.safeParse(c.req.param('symbol'))
  if (!symbol.success) throw new RequestError(400, `symbol: ${symbol.error.issues[0]?.message}`)
  const dt = DtText.safeParse(c.req.param('dt'))
  if (!dt.success) throw new RequestError(400, `dt: ${dt.error.issues[0]?.message}`)
  return { ...found, symbol: symbol.data, dt: dt.data }
}
