/** A corporate action without particulars: tests name what they need of one and spread the rest. */
import type { Action } from '../../functions/_market/row.ts'

export const EMPTY_ACTION: Omit<Action, 'kind' | 'id' | 'effective_date'> = {
  declaration_date: null,
  record_date: null,
  payable_date: null,
  cash: null,
  currency: null,
  old_shares: null,
  new_shares: null,
  other_symbol: null,
  subtype: null,
  detail: null,
}
