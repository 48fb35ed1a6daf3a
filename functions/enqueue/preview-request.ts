/** What may be previewed, as a query or as the fields of the form, and the wish that it stands for. */
import { z } from 'zod'
import { datasetNamed, singleParam } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { membersOf, symbolsNamed } from '../_http/symbols-named.ts'
import { DtText } from '../_market/dt.ts'
import { EnqueueBody } from './request.ts'

const required = (schema: z.ZodType<string, string>, name: string) =>
  z.tuple([schema], { error: `expected ${name}, once` }).transform(([only]) => only)

export const PreviewQuery = z.strictObject({
  dataset: required(z.string().meta({ example: 'equities_bars' }), 'a dataset'),
  /** `AAPL,A..BRK.B`; absent or `all`: all symbols of the dataset. */
  symbols: singleParam(z.string()),
  from: required(DtText.meta({ format: 'date', example: '2025-07-08' }), 'a day as YYYY-MM-DD'),
  to: required(DtText.meta({ format: 'date', example: '2025-07-08' }), 'a day as YYYY-MM-DD'),
  again: singleParam(z.enum(['true', 'false'])),
})
export type PreviewQuery = z.output<typeof PreviewQuery>

/** The wish as POST /enqueue takes it. Throws RequestError 404 for a dataset or symbol that is not collected. */
export function bodyOf(node: Node, { dataset, symbols = 'all', from, to, again }: PreviewQuery): EnqueueBody {
  const found = datasetNamed(node, dataset)
  const members = membersOf(node, found.spec)
  const named = symbols === 'all' ? members : symbolsNamed(node, found.dataset, members, symbols)
  const wished = named.length === members.length ? 'all' : named
  return EnqueueBody.parse({ dataset, symbols: wished, from, to, again: again === 'true' })
}
