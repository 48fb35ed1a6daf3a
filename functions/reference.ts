/** POST /reference: asks vendors' reference lists about the universe's symbols, as far as that is due, and applies what they say. */
import { asofAt } from './_expected/expected.ts'
import { AsOfBody, type FunctionResult } from './_http/handler.ts'
import type { Node } from './_http/node.ts'
import { applyReferences, countRemarks } from './_references/apply-references.ts'
import { type AskedVendor, askVendors } from './_references/ask-vendors.ts'
import { keepFiledTickers } from './_references/filed-tickers.ts'

export const ReferenceBody = AsOfBody

export interface Referred extends FunctionResult {
  vendors: AskedVendor[]
  /** Symbols whose days or tickers changed by it. */
  changed: string[]
  contradictions: number
  suggestions: number
}

export async function reference(node: Node, { at = node.now() }: { at?: number | undefined }): Promise<Referred> {
  const { vendors, more, nextAt } = await askVendors(node, asofAt(at))
  if (!more) {
    await keepFiledTickers(node).catch((error: unknown) => {
      // Its file is for curation and QC to repair; what was filed before still counts.
      node.log('reference.filings_unread', { error })
    })
  }
  const { changed, symbols } = await applyReferences(node)
  const remarks = countRemarks(symbols)
  const calls = vendors.reduce((sum, one) => sum + one.calls, 0)
  if (calls > 0 || changed.length > 0)
    node.log('reference.applied', { calls, changed: changed.slice(0, 20), ...remarks })
  return { vendors, changed, ...remarks, more, nextAt }
}
