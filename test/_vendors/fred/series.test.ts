import { describe, expect, it } from 'vitest'
import type { Answer } from '../../../functions/_vendors/vendor.ts'
import { SERIES } from '../contract.ts'
import { inOrder, type Script } from '../scripted-vendor.ts'
import { askScript, DAYS, NO_SERIES, observation, whole } from './asking.ts'

const curve = (value: string): unknown[] => [
  observation('2024-05-24', value),
  observation('2024-05-27', '.'),
  observation('2024-05-28', value),
  observation('2024-05-29', value),
]
const asking = async (script: Script): Promise<Answer> => (await askScript(script)).answer

describe('fred series: a curve from FRED', () => {
  it('is one request a series over one window, and one yield a series a day', async () => {
    const { answer, asked } = await askScript((url) =>
      whole(curve(url.searchParams.get('series_id') === 'DGS2' ? '4.90' : '-0.05')),
    )
    expect(answer).toMatchObject({ calls: 3, interruption: null, unrequested: [] })
    expect(asked.map((url) => url.searchParams.get('series_id'))).toEqual(SERIES.UST)
    expect(Object.fromEntries(asked[0]?.searchParams ?? [])).toMatchObject({
      file_type: 'json',
      sort_order: 'asc',
      limit: '100000',
      observation_start: '2024-05-24',
      observation_end: '2024-05-29',
    })
    expect([...answer.complete].sort()).toEqual(DAYS.map((dt) => `UST ${dt}`))
    expect(answer.rows.get('UST 2024-05-28')).toEqual([
      { series: 'DGS2', value: 4.9, realtime_start: '2024-06-14' },
      { series: 'DGS10', value: -0.05, realtime_start: '2024-06-14' },
      { series: 'DGS30', value: -0.05, realtime_start: '2024-06-14' },
    ])
  })

  it('keeps a "." as a yield the source says it has not', async () => {
    const answer = await asking(() => whole([observation('2024-05-24', '.')]))
    expect(answer.rows.get('UST 2024-05-24')?.[0]).toMatchObject({ value: null })
    expect(answer.rows.has('UST 2024-05-28')).toBe(false)
    expect(answer.complete.size).toBe(3)
  })

  it('pages by offset until every observation was served', async () => {
    const all = curve('4.00')
    const answer = await asking((url) => {
      const offset = Number(url.searchParams.get('offset') ?? 0)
      return whole(all.slice(offset, offset + 3), { count: 4, offset })
    })
    expect(answer).toMatchObject({ calls: 6, interruption: null })
    expect(answer.rows.get('UST 2024-05-29')?.length).toBe(3)
  })

  it('is malformed when a page is empty before the end, or begins elsewhere than asked', async () => {
    expect((await asking(() => whole([], { count: 9 }))).interruption?.fault).toBe('malformed')
    const stuck = await asking(() => whole(curve('4.00').slice(0, 2), { count: 4, offset: 0 }))
    expect(stuck).toMatchObject({ calls: 2, interruption: { fault: 'malformed' } })
  })

  it('is not complete while one series is missing', async () => {
    const answer = await asking(inOrder([whole(curve('4.00')), whole(curve('4.00')), { status: 429, body: {} }]))
    expect(answer).toMatchObject({ calls: 3, interruption: { fault: 'rate_limited' } })
    expect(answer.complete.size).toBe(0)
    expect(answer.rows.size).toBe(0)
  })

  it('is complete without a series that does not exist, and refused when none does', async () => {
    const partly = await asking(inOrder([whole(curve('4.00')), NO_SERIES, whole(curve('4.50'))]))
    expect(partly).toMatchObject({ calls: 3, interruption: null })
    expect(partly.rows.get('UST 2024-05-24')?.length).toBe(2)
    const none = await asking(() => NO_SERIES)
    expect(none.complete.size).toBe(0)
    expect(none.faults.get('UST 2024-05-24')?.fault).toBe('not_entitled')
  })

  it.each(['', '4,5', '4.5%', ' 4.5', '1e3', 'NaN', '..', '4.', null, 4.5])(
    'a value such as %j costs its own day',
    async (value) => {
      const rows = [
        observation('2024-05-24', '4.00'),
        observation('2024-05-28', value),
        observation('2024-05-29', '4.00'),
      ]
      const answer = await asking(() => whole(rows))
      expect([...answer.faults.keys()]).toEqual(['UST 2024-05-28'])
      expect(answer.complete.size).toBe(2)
    },
  )

  it('a date that is none costs the whole window', async () => {
    const answer = await asking(inOrder([whole([observation('2024-02-30', '4.00')]), whole([]), whole([])]))
    expect(answer.faults.size).toBe(3)
  })

  it('a number on a holiday or outside the window counts as unrequested', async () => {
    const rows = [observation('2024-05-27', '4.00'), observation('2024-06-03', '4.00'), ...curve('4.00')]
    const answer = await asking(inOrder([whole(rows), whole([]), whole([])]))
    expect(answer.unrequested).toEqual([
      { symbol: 'UST', dt: '2024-05-27', rows: 1 },
      { symbol: 'UST', dt: '2024-06-03', rows: 1 },
    ])
  })
})
