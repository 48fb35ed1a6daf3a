import { expect, test } from 'vitest'
import { keptAnswers } from '../../functions/_catalog/kept-answers.ts'
import type { CallPlan } from '../../functions/_vendors/vendor.ts'

const NOW = Date.UTC(2024, 6, 5, 20)
const HOUR = 3_600_000
const UNIVERSE = [{ symbol: 'AAPL', from: '2010-01-04', to: null }]
const cell = { vendor: 'massive', dataset: 'corporate_actions', symbol: 'AAPL', dt: '2012-03-01' }

const planOf = (more: Partial<CallPlan> = {}): CallPlan => ({
  vendor: 'massive',
  dataset: 'corporate_actions',
  wants: [],
  expectedCalls: 3,
  request: {},
  feed: 'any',
  covers: { symbols: ['AAPL', 'MSFT'], from: '2012-01-03', to: '2014-12-31' },
  ...more,
})

async function kept(plan = planOf()) {
  const answers = keptAnswers()
  const forgotten: string[] = []
  await answers.begin(plan, UNIVERSE, NOW)
  return { answers, plan, forgotten, forget: async () => void forgotten.push('first') }
}

test('kept answers: what a plan covers is under way until it is answered, and then there', async () => {
  const { answers, plan, forget } = await kept()
  expect(answers.covering(cell, UNIVERSE, NOW)).toMatchObject({ isAnswered: false })
  expect(answers.keep(plan, forget)).toBe(true)
  expect(answers.covering(cell, UNIVERSE, NOW)).toMatchObject({ isAnswered: true, plan })
})

test('kept answers: only cells that were asked about are held, both last days among them', async () => {
  const { answers, plan, forget } = await kept()
  answers.keep(plan, forget)
  const { holds } = answers.covering(cell, UNIVERSE, NOW)!
  const days = ['2012-01-02', '2012-01-03', '2014-12-31', '2015-01-02']
  expect(days.map((dt) => holds({ symbol: 'MSFT', dt }))).toEqual([false, true, true, false])
  expect(holds({ symbol: 'IBM', dt: '2012-03-01' })).toBe(false)
  for (const other of [{ symbol: 'IBM' }, { vendor: 'alpaca' }, { dataset: 'equities_bars' }, { dt: '2015-01-02' }])
    expect(answers.covering({ ...cell, ...other }, UNIVERSE, NOW)).toBeNull()
})

test('kept answers: an old one, and one of a universe with other tickers, is none', async () => {
  const { answers, plan, forget } = await kept()
  answers.keep(plan, forget)
  expect(answers.covering(cell, UNIVERSE, NOW + HOUR)).not.toBeNull()
  expect(answers.covering(cell, UNIVERSE, NOW + HOUR + 1)).toBeNull()
  expect(answers.covering(cell, [...UNIVERSE], NOW)).toBeNull()
})

test('kept answers: one that was cut off is none', async () => {
  const { answers, plan } = await kept()
  answers.drop(plan)
  expect(answers.covering(cell, UNIVERSE, NOW)).toBeNull()
})

test('kept answers: plans that are answered from one leave it, the next question takes its place and forgets its pages', async () => {
  const { answers, plan, forgotten, forget } = await kept()
  answers.keep(plan, forget)
  const second = { ...plan, wants: [{ ...cell, expectedRows: null }], expectedCalls: 0 }
  await answers.begin(second, UNIVERSE, NOW)
  expect(answers.keep(second, async () => void forgotten.push('second'))).toBe(true)
  expect(forgotten).toEqual([])
  const { covers: _, ...narrow } = planOf({ request: { other: true } })
  await answers.begin(narrow, UNIVERSE, NOW)
  expect(forgotten).toEqual(['first'])
  expect(answers.covering(cell, UNIVERSE, NOW)).toBeNull()
  expect(answers.keep(narrow, forget)).toBe(false)
})

test('kept answers: a question that another has taken the place of keeps nothing when it ends', async () => {
  const { answers, plan, forget } = await kept()
  await answers.begin(planOf({ request: { other: true } }), UNIVERSE, NOW)
  expect(answers.keep(plan, forget)).toBe(false)
  answers.drop(plan)
  expect(answers.covering(cell, UNIVERSE, NOW)).toMatchObject({ isAnswered: false })
})

test('kept answers: all are forgotten with their pages when somebody wants to hear the vendors again', async () => {
  const { answers, plan, forgotten, forget } = await kept()
  answers.keep(plan, forget)
  await answers.forgetAll()
  expect(forgotten).toEqual(['first'])
  expect(answers.covering(cell, UNIVERSE, NOW)).toBeNull()
})
