/** Chooses the shape of a call to Massive, by dataset. */
import type { CallPlan, PlanTerms, Want } from '../vendor.ts'
import { planActions } from './plan-actions.ts'
import { planBars } from './plan-bars.ts'
import { planOptions } from './plan-options.ts'
import { planYields } from './plan-yields.ts'

/** The plan for `head`: see the file of each kind for what rides along. Throws a plain Error where the configuration lacks something. */
export function plan(head: Want, others: readonly Want[], terms: PlanTerms): CallPlan {
  switch (terms.dataset) {
    case 'equities_bars':
    case 'equities_bars_minute':
      return planBars(head, others, terms)
    case 'options_bars':
      return planOptions(head, others, terms)
    case 'corporate_actions':
      return planActions(head, others, terms)
    case 'macro_treasury':
      return planYields(head, others, terms)
    default:
      return terms.dataset satisfies never
  }
}
