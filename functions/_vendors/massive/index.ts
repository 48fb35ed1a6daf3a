/** Massive (Polygon.io until 2025-10-30): bars of US stocks and options, corporate actions, Treasury yields and reference lists. */
import type { DatasetName } from '../../_market/cell.ts'
import type { Answer, CallPlan, Connector, Get, PlanTerms } from '../vendor.ts'
import { askActions } from './actions.ts'
import { askGrouped, askRange } from './bars.ts'
import { askOptions } from './options.ts'
import { API_KEY, classify, VENDOR } from './parse.ts'
import { plan } from './plan.ts'
import { askReference } from './reference.ts'
import { MassiveRequest } from './request.ts'
import { askYields } from './yields.ts'

const DATASETS: readonly DatasetName[] = [
  'equities_bars',
  'equities_bars_minute',
  'options_bars',
  'macro_treasury',
  'corporate_actions',
]

export const massive: Connector = {
  name: VENDOR,
  datasets: DATASETS,
  secrets: [API_KEY],
  // The header, not `?apiKey=`: what is not in the URL cannot be logged with it.
  authorise: (secrets) => ({ headers: { authorization: `Bearer ${secrets[API_KEY] ?? ''}` }, query: {} }),
  plan,
  ask,
  classify,
  references: { questions: ['listed', 'delisted', 'details', 'names'], ask: askReference },
  keyCheck: { path: '/v1/marketstatus/now', query: {} },
}

async function ask(plan: CallPlan, terms: PlanTerms, get: Get): Promise<Answer> {
  const request = MassiveRequest.parse(plan.request)
  switch (request.kind) {
    case 'range':
      return askRange(request, plan, terms, get)
    case 'grouped':
      return askGrouped(request, plan, terms, get)
    case 'options':
      return askOptions(request, plan, terms, get)
    case 'actions':
      return askActions(request, plan, terms, get)
    case 'yields':
      return askYields(request, plan, terms, get)
    default:
      return request satisfies never
  }
}
