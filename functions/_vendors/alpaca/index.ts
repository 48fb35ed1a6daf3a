/** Alpaca Market Data: stock bars, option bars and corporate actions (data.alpaca.markets), contracts, sessions and assets (trading host). */
import type { DatasetName } from '../../_market/cell.ts'
import type { Answer, CallPlan, Connector, Get, PlanTerms, Want } from '../vendor.ts'
import { askActions } from './actions.ts'
import { planActions } from './actions-plan.ts'
import { askAssets } from './assets.ts'
import { askBars } from './bars.ts'
import { planBars } from './bars-plan.ts'
import { askOptions } from './options.ts'
import { planOptions } from './options-plan.ts'
import { classify, KEY_ID, SECRET_KEY, VENDOR } from './parse.ts'
import { AlpacaRequest } from './request.ts'
import { askSessions } from './sessions.ts'

const DATASETS: readonly DatasetName[] = ['equities_bars', 'equities_bars_minute', 'options_bars', 'corporate_actions']

export const alpaca: Connector = {
  name: VENDOR,
  datasets: DATASETS,
  secrets: [KEY_ID, SECRET_KEY],
  authorise: (secrets) => ({
    headers: { 'apca-api-key-id': secrets[KEY_ID] ?? '', 'apca-api-secret-key': secrets[SECRET_KEY] ?? '' },
    query: {},
  }),
  plan,
  ask,
  classify,
  keyCheck: { path: '/v2/clock', host: 'trading', query: {} },
  sessions: askSessions,
  references: { questions: ['listed'], ask: askAssets },
}

function plan(head: Want, others: readonly Want[], terms: PlanTerms): CallPlan {
  switch (terms.dataset) {
    case 'options_bars':
      return planOptions(head, others, terms)
    case 'corporate_actions':
      return planActions(head, others, terms)
    default:
      return planBars(head, others, terms)
  }
}

async function ask(plan: CallPlan, terms: PlanTerms, get: Get): Promise<Answer> {
  const request = AlpacaRequest.parse(plan.request)
  switch (request.kind) {
    case 'stocks':
      return askBars(request, plan, terms, get)
    case 'options':
      return askOptions(request, plan, get)
    case 'actions':
      return askActions(request, plan, terms, get)
    default:
      return request satisfies never
  }
}
