import { afterEach, describe, expect, it } from 'vitest'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { withVintages } from '../../functions/_lake/vintages.ts'
import { decide } from '../../functions/_lake/write-decision.ts'
import { addDays, type Dt } from '../../functions/_market/dt.ts'
import type { Row } from '../../functions/_market/row.ts'
import { fred } from '../../functions/_vendors/fred/index.ts'
import { FredRequest } from '../../functions/_vendors/fred/wire.ts'
import { makeGet } from '../../functions/_vendors/http.ts'
import type { Answer, CallPlan, PlanTerms } from '../../functions/_vendors/vendor.ts'
import { expectSoundAnswer, termsOf, want } from '../_vendors/contract.ts'
import { vintagesOf, withArchiveFrom, withRevisions } from '../lab/fred-vintages.ts'
import { LAB_KEYS, type Lab, startLab } from '../lab/lab.ts'
import type { YieldSource } from '../lab/source.ts'
import { syntheticYields } from '../lab/synthetic.ts'

/** The lab knows who said what when; every vintage of it must arrive with its own day, and nothing else. */
const NOW = instantOf('2024-06-14', '20:30')
const ALL = 'DGS1MO DGS3MO DGS6MO DGS1 DGS2 DGS3 DGS5 DGS7 DGS10 DGS20 DGS30'.split(' ')
const YIELDS = remembering(syntheticYields(7))

/** The same source, which computes each range once: the lab looks through whole series at every request. */
function remembering(source: YieldSource): YieldSource {
  const ranges = new Map<string, ReturnType<YieldSource['observations']>>()
  return {
    ...source,
    observations(...range) {
      const name = range.join(' ')
      const rows = ranges.get(name) ?? source.observations(...range)
      ranges.set(name, rows)
      return rows
    },
  }
}

let lab: Lab | undefined
afterEach(async () => lab?.close())

interface Asking {
  days: Dt[]
  series?: string[]
  now?: number
  shape?: Partial<PlanTerms['shape']>
}

async function askLab(source: YieldSource, asking: Asking): Promise<{ answer: Answer; made: CallPlan }> {
  const { days, series = ['DGS2', 'DGS10'], now = NOW, shape = {} } = asking
  lab = await startLab({ now: () => now, seed: 7, plan: 'basic', limits: { fred: 10_000 }, fred: source })
  const terms = {
    ...termsOf('macro_treasury', now, { rowsPerPage: 100_000, pagesPerPlan: 40, ...shape }),
    series: { UST: series },
  }
  const [head, ...others] = days.map((dt) => want('UST', dt))
  const made = fred.plan(head!, others, terms)
  expect(made.wants.length).toBe(days.length)
  const get = makeGet({
    connector: fred,
    baseUrl: lab.fred.url,
    secrets: { FRED_API_KEY: LAB_KEYS.fred },
    acquire: async () => ({ ok: true }),
    now: () => now,
  })
  const answer = await fred.ask(made, terms, get)
  expectSoundAnswer(answer, made)
  await lab.close()
  return { answer, made }
}

/** What the source said of some days until now, cell by cell, series by series. */
function saidOf(source: YieldSource, { days, series = ['DGS2', 'DGS10'], now = NOW }: Asking): Map<string, Row[]> {
  const cells = new Map<string, Row[]>(days.map((dt) => [`UST ${dt}`, []]))
  const range = { from: days[0]!, to: days.at(-1)!, now, plan: 'basic' } as const
  for (const id of series) {
    for (const { date, value, start } of vintagesOf(source, id, range)) {
      const row = { series: id, value: value === '.' ? null : Number(value), realtime_start: start }
      cells.get(`UST ${date}`)?.push(row)
    }
  }
  return new Map([...cells].filter(([, rows]) => rows.length > 0))
}

const sessions = (from: Dt, to: Dt): Dt[] => calendarOf('fed').sessions(from, to)

describe('fred lab: the vintages of the lab', () => {
  it('of twenty years and eleven series arrive in 33 calls, each with the day it was known from', async () => {
    const days = sessions('2004-06-14', '2024-06-13')
    const border = addDays(days[0]!, 399 * 7)
    const source = withRevisions(YIELDS, {
      // One in each window; on the last day of the first and the first day of the second; twice in one window; back to what it was.
      DGS1MO: [
        { date: '2005-03-01', value: '9.01', from: '2008-02-01' },
        { date: '2005-03-01', value: '9.02', from: '2014-07-01' },
        { date: '2005-03-01', value: '9.03', from: '2024-02-01' },
      ],
      DGS10: [
        { date: '2006-05-02', value: '9.10', from: addDays(border, -1) },
        { date: '2006-05-03', value: '9.11', from: border },
        { date: '2006-05-04', value: '9.12', from: '2006-05-08' },
        { date: '2006-05-04', value: '9.13', from: '2006-06-08' },
        { date: '2006-05-04', value: '9.12', from: '2021-06-08' },
      ],
    })
    const { answer, made } = await askLab(source, { days, series: ALL })
    expect(made).toMatchObject({ expectedCalls: 33, isResumable: true })
    expect(FredRequest.parse(made.request).windows[1]?.start).toBe(border)
    expect(answer).toMatchObject({ calls: 33, interruption: null, unrequested: [] })
    expect(answer.rows.get('UST 2005-03-01')?.filter((row) => 'series' in row && row.series === 'DGS1MO').length).toBe(
      4,
    )
    expect(answer.rows).toEqual(saidOf(source, { days, series: ALL }))
  })

  it('are all there when pages cut through days and windows', async () => {
    const days = sessions('2012-01-03', '2012-03-30')
    const source = withRevisions(YIELDS, {
      DGS2: days.map((date, i) => ({ date, value: `8.${10 + i}`, from: addDays('2013-02-04', i) })),
      DGS10: days.map((date, i) => ({ date, value: `9.${10 + i}`, from: addDays('2021-02-01', 3 * i) })),
    })
    const { answer } = await askLab(source, { days, shape: { rowsPerPage: 7, pagesPerPlan: 100 } })
    expect(answer.interruption).toBeNull()
    expect(answer.rows).toEqual(saidOf(source, { days }))
  })

  it('that nobody archived are those of the first day of the archive, and its absence before is no fault', async () => {
    const days = sessions('1990-01-02', '1990-06-29')
    const source = withArchiveFrom(
      withRevisions(YIELDS, {
        DGS2: [
          { date: '1990-02-05', value: '9.01', from: '1991-01-07' },
          { date: '1990-02-06', value: '9.02', from: '2010-01-06' },
        ],
      }),
      '2005-06-01',
    )
    const { answer, made } = await askLab(source, { days })
    expect(FredRequest.parse(made.request).windows.length).toBe(5)
    expect(answer).toMatchObject({ calls: 10, interruption: null })
    expect(answer.rows.get('UST 1990-02-05')?.[0]).toEqual({
      series: 'DGS2',
      value: 9.01,
      realtime_start: '2005-06-01',
    })
    expect(answer.rows).toEqual(saidOf(source, { days }))
  })

  it('leave out a series without observations yet, and keep the rest of the curve', async () => {
    const days = sessions('1999-01-04', '1999-01-29')
    const { answer } = await askLab(YIELDS, { days, series: ['DGS1MO', 'DGS10'] })
    expect(answer.interruption).toBeNull()
    expect(answer.rows).toEqual(saidOf(YIELDS, { days, series: ['DGS10'] }))
  })

  it('are asked for in the hour in which it is tomorrow in New York but not in St. Louis', async () => {
    const days = sessions('2024-06-03', '2024-06-13')
    const { answer, made } = await askLab(YIELDS, { days, now: instantOf('2024-06-15', '00:30') })
    expect(made.request).toMatchObject({ today: '2024-06-15' })
    expect(answer.interruption).toBeNull()
    expect(answer.rows.size).toBe(days.length)
  })
})

describe('fred lab: a value that changes', () => {
  const days = ['2024-06-03', '2024-06-04']
  /** What the lake makes of an answer upon what it has. */
  const upon = (stored: readonly Row[], answer: readonly Row[]) => {
    const provenance = { vendor: 'fred', feed: 'h15', adjustment: 'none', fetchedAt: NOW } as const
    const parts = stored.length === 0 ? [] : [{ symbol: 'UST', provenance, rows: [...stored] }]
    const merged = withVintages(parts, { symbol: 'UST', provenance, rows: [...answer] }).flatMap(({ rows }) => rows)
    return { merged, decision: decide(stored, answer, merged, ['series']) }
  }
  const cell = async (source: YieldSource, now: number, day = days[0]!): Promise<Row[]> =>
    (await askLab(source, { days, series: ['DGS10'], now })).answer.rows.get(`UST ${day}`) ?? []

  it('is another version from the day of its revision on, and on no day before or after', async () => {
    const source = withRevisions(YIELDS, { DGS10: [{ date: days[0]!, value: '9.99', from: '2024-06-12' }] })
    const before = await cell(source, instantOf('2024-06-11', '20:30'))
    const nextDay = await cell(source, instantOf('2024-06-12', '16:00'))
    const after = await cell(source, instantOf('2024-06-12', '16:30'))
    const later = await cell(source, NOW)
    const first = upon([], before)
    expect(first.decision.verdict).toBe('new')
    expect(upon(first.merged, nextDay).decision).toMatchObject({ verdict: 'same', digest: first.decision.digest })
    const second = upon(first.merged, after)
    expect(second.decision).toMatchObject({ verdict: 'replaced', rows: 1, previous: first.decision.digest })
    expect(second.merged).toMatchObject([
      { realtime_start: '2024-06-04' },
      { realtime_start: '2024-06-12', value: 9.99 },
    ])
    expect(upon(second.merged, later).decision).toMatchObject({ verdict: 'same', digest: second.decision.digest })
    expect(upon([], later).decision.digest).toBe(second.decision.digest)
  })

  it('from "." to a number days late keeps both days, and the number counts', async () => {
    const late: YieldSource = {
      ...YIELDS,
      observations: (id, from, to) =>
        YIELDS.observations(id, from, to).map((row) => (row.date === days[1] ? { ...row, value: '.' } : row)),
    }
    const source = withRevisions(late, { DGS10: [{ date: days[1]!, value: '4.25', from: '2024-06-11' }] })
    const blank = await cell(source, instantOf('2024-06-10', '20:30'), days[1])
    const filled = await cell(source, NOW, days[1])
    expect(blank).toEqual([{ series: 'DGS10', value: null, realtime_start: '2024-06-05' }])
    expect(filled).toEqual([
      { series: 'DGS10', value: null, realtime_start: '2024-06-05' },
      { series: 'DGS10', value: 4.25, realtime_start: '2024-06-11' },
    ])
    expect(upon(blank, filled).decision.verdict).toBe('replaced')
    expect(upon([], filled).decision.digest).toBe(upon([], filled.slice(1)).decision.digest)
  })
})
