/** Which cells a plan may be made of. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { QueuedTask } from '../../db/gap-tasks/claimable.ts'
import { candidateCells } from '../../functions/_dispatch/candidate-cells.ts'
import { type Dt, dayBit, dtsOfMask, monthOf } from '../../functions/_market/dt.ts'

const DTS = dtsOfMask('2024-06', 2 ** 12 - 1).concat(dtsOfMask('2024-07', 2 ** 5 - 1))

let ids = 0
function taskOf(symbol: string, dts: readonly Dt[]): QueuedTask {
  const dt = dts[0]!
  const days = dts.length > 1 ? dts.reduce((mask, day) => mask | dayBit(day), 0) : null
  const common = { lane: 'backfill', priority: 0, expectedRows: 1, reason: 'missing', attempts: 0 } as const
  return { id: ++ids, symbol, dt, days, ...common }
}
const oldest = { isNewestFirst: false, usual: new Map<string, number>() }
const newest = { ...oldest, isNewestFirst: true }
const named = (wants: readonly { symbol: string; dt: Dt }[]) => wants.map(({ symbol, dt }) => `${dt} ${symbol}`)

test('candidate cells: of the head all days are offered, of its neighbours whole days until enough are', () => {
  const days = DTS.slice(0, 4)
  const head = taskOf('B', days)
  const tasks = [taskOf('A', days), taskOf('C', days)]
  const span = { tasks, fromDt: days[0]!, toDt: '9999-12-31' }
  expect(named(candidateCells(head, span, 5, oldest).wants)).toEqual([
    ...['A', 'B', 'C'].map((symbol) => `${days[0]} ${symbol}`),
    ...['A', 'B', 'C'].map((symbol) => `${days[1]} ${symbol}`),
    ...[2, 3].map((at) => `${days[at]} B`),
  ])
  expect(named(candidateCells(head, span, 3, newest).wants)).toEqual([
    ...[0, 1, 2].map((at) => `${days[at]} B`),
    ...['A', 'B', 'C'].map((symbol) => `${days[3]} ${symbol}`),
  ])
})

test('candidate cells: an offer is cut where more wait, be it that they were not read or that enough are offered', () => {
  const days = DTS.slice(0, 4)
  const tasks = [taskOf('A', days)]
  const whole = { tasks, fromDt: '0000-01-01', toDt: '9999-12-31' }
  const isCut = (span: typeof whole, most: number, terms = oldest): boolean =>
    candidateCells(taskOf('B', days), span, most, terms).isCut
  for (const terms of [oldest, newest])
    expect([8, 7, 6].map((most) => isCut(whole, most, terms))).toEqual([false, false, true])
  expect(isCut({ ...whole, toDt: days[3]! }, 8)).toBe(true)
  expect(isCut({ ...whole, fromDt: days[0]! }, 8, newest)).toBe(true)
})

test('candidate cells: days of a neighbour that are known in part are not offered, also where the head reaches beyond them', () => {
  const head = taskOf('B', DTS.slice(0, 6))
  const span = { tasks: [taskOf('A', DTS.slice(0, 6))], fromDt: DTS[1]!, toDt: DTS[2]! }
  for (const terms of [oldest, newest]) {
    const { wants } = candidateCells(head, span, 100, terms)
    expect(named(wants.filter(({ symbol }) => symbol === 'A'))).toEqual([`${DTS[1]} A`, `${DTS[2]} A`])
    expect(wants.filter(({ symbol }) => symbol === 'B')).toHaveLength(6)
  }
})

test('candidate cells: whatever is queued, an offer is what its definition says, in the order of days and symbols, each cell with its task', () => {
  const someDays = fc.uniqueArray(fc.constantFrom(...DTS), { minLength: 1, maxLength: 9 }).map((dts) => {
    const first = dts.toSorted()[0]!
    return dts.filter((dt) => monthOf(dt) === monthOf(first)).toSorted()
  })
  fc.assert(
    fc.property(
      fc.array(someDays, { minLength: 1, maxLength: 8 }),
      fc.tuple(fc.constantFrom(...DTS), fc.constantFrom(...DTS)),
      fc.integer({ min: 1, max: 40 }),
      fc.boolean(),
      (queued, [from, to], most, isNewestFirst) => {
        const tasks = queued.map((dts, at) => taskOf(`S${(at * 5) % 8}`, dts))
        const head = tasks[0]!
        const span = { fromDt: from < to ? from : to, toDt: from < to ? to : from }
        const cells = tasks.flatMap((task, at) =>
          queued[at]!.map((dt) => ({ symbol: task.symbol, dt, task })).filter(
            ({ symbol, dt }) => symbol === head.symbol || (dt >= span.fromDt && dt <= span.toDt),
          ),
        )
        const before = (dt: Dt) => cells.filter((cell) => (isNewestFirst ? cell.dt > dt : cell.dt < dt)).length
        const expected = cells
          .filter(({ symbol, dt }) => symbol === head.symbol || before(dt) < most)
          .sort((a, b) => (`${a.dt} ${a.symbol}` < `${b.dt} ${b.symbol}` ? -1 : 1))
        const candidates = candidateCells(head, { tasks: tasks.slice(1), ...span }, most, { ...oldest, isNewestFirst })
        expect(named(candidates.wants)).toEqual(named(expected))
        expect(candidates.wants.map((want) => candidates.taskOf.get(want))).toEqual(expected.map(({ task }) => task))
      },
    ),
    { seed: 11, numRuns: 300 },
  )
})
