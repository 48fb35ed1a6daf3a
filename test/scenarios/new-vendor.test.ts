/** What it takes to add a vendor: a connector (here: daily bars as one JSON list a symbol), and one line that proves it. */
import { z } from 'zod'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { answerBuilder } from '../../functions/_vendors/answer-builder.ts'
import { instantOfNumber, readBar } from '../../functions/_vendors/bar-row.ts'
import { pagerOf } from '../../functions/_vendors/pager.ts'
import { readJson } from '../../functions/_vendors/read-json.ts'
import { type Connector, VendorError } from '../../functions/_vendors/vendor.ts'
import { holdsTheContract } from '../_vendors/connector-contract.ts'

const Request = z.strictObject({ symbol: z.string(), from: z.string(), to: z.string() })
const Answer = z.object({ bars: z.array(z.unknown()) })

const toy: Connector = {
  name: 'toy',
  datasets: ['equities_bars'],
  secrets: ['TOY_API_KEY'],
  authorise: (secrets) => ({ headers: { 'x-toy-key': secrets.TOY_API_KEY ?? '' }, query: {} }),
  plan(head, others, { dataset, shape }) {
    const wants = [head, ...others.filter(({ symbol, dt }) => symbol === head.symbol && dt > head.dt)]
    const request = { symbol: head.symbol, from: head.dt, to: wants.at(-1)!.dt }
    return { vendor: 'toy', dataset, wants, expectedCalls: 1, request, feed: shape.feed }
  },
  async ask({ request, wants }, _terms, get) {
    const { symbol, from, to } = Request.parse(request)
    const asked = { symbols: new Set([symbol]), from, to, calendar: calendarOf('xnys') }
    const gathering = answerBuilder(wants, asked)
    const answer = await gathering.send(get, { path: `/bars/${symbol}`, query: { from, to } })
    if (answer instanceof VendorError) return gathering.answer(answer)
    const page = readJson(answer, Answer, 'toy')
    if (page instanceof VendorError) return gathering.answer(page)
    const pager = pagerOf('toy', gathering, asked)
    pager.take(new Map([[symbol, page.bars.map((row) => readBar(row, instantOfNumber))]]), true)
    pager.settle(null)
    return gathering.answer(null)
  },
  keyCheck: { path: '/', query: {} },
  classify: ({ status }) =>
    new VendorError('toy', status >= 500 ? 'unavailable' : 'malformed', `${status}`, {
      status,
      refusesKey: status === 401,
    }),
}

holdsTheContract(toy)
