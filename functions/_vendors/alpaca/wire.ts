/** The envelopes of Alpaca's answers and errors (docs.alpaca.markets/reference, 2026-07). Rows are read one by one afterwards. */
import { z } from 'zod'

/**
 * One page of bars, of stocks or options. `bars` is `{}` when there is nothing; null is what the single-symbol twin may send and
 * means the same. A missing token key is no end of the list: fatal.
 */
export const BarsPage = z.object({
  bars: z.record(z.string(), z.array(z.unknown())).nullable(),
  next_page_token: z.string().nullable(),
})
export type BarsPage = z.infer<typeof BarsPage>

/** One page of corporate actions: rows by kind (in the plural), a kind without rows has no key. */
export const ActionsPage = z.object({
  corporate_actions: z.record(z.string(), z.array(z.unknown())),
  next_page_token: z.string().nullable(),
})

/** One page of the list of option contracts. The official clients (JS 4.0.2, py) take a null list for an empty one and let the last page go without a token. */
export const ContractsPage = z.object({
  option_contracts: z.array(z.unknown()).nullable(),
  next_page_token: z.string().nullish(),
})

/** An error body, where it is JSON at all: a wrong key is answered with nginx's HTML page. The trading host adds a code. */
export const ErrorBody = z.object({ message: z.string(), code: z.number().optional().catch(undefined) })
