import { describe, expect, it } from 'vitest'
import { FredRequest } from '../../../functions/_vendors/fred/wire.ts'
import { inOrder, type Reply, type Script } from '../scripted-vendor.ts'
import { askScript, DAYS, NO_SERIES, observation, refused, termsOfFred, whole } from './asking.ts'

const NOT_ARCHIVED = refused('Bad Request.  The series does not exist in ALFRED but may exist in FRED.')
const tooMany = (count = 2004): Reply =>
  refused(
    `Bad Request.  There are ${count} vintage dates in the specified real-time period: 2024-05-24 to 9999-12-31.  ` +
      'This exceeds the maximum number of vintage dates allowed (2000).',
  )
const ONE = termsOfFred({ series: { UST: ['DGS10'] } })
const windowOf = (url: URL): string =>
  `${url.searchParams.get('realtime_start')} ${url.searchParams.get('realtime_end')}`
const known = (series: string, value: number | null, realtime_start: string): object => ({
  series,
  value,
  realtime_start,
})
/** Two windows: the first ends on 2024-04-16. */
const OLD = '2016-08-24'
const WINDOWS = ['2016-08-24 2024-04-16', '2024-04-17 9999-12-31']

describe('fred history: vintages of FRED', () => {
  it('are asked for from the first day of observation to the latest there is', async () => {
    const { asked } = await askScript(() => whole([]), DAYS, ONE)
    expect(asked.map(windowOf)).toEqual(['2024-05-24 9999-12-31'])
  })

  it('are asked for in windows without gap or overlap, each about the same days', async () => {
    const { asked } = await askScript(() => whole([]), [OLD], ONE)
    expect(asked.map(windowOf)).toEqual(WINDOWS)
    for (const url of asked) expect(url.search).toContain('observation_start=2016-08-24&observation_end=2016-08-24')
  })

  it('of one cell are in the order of the series and, within one, of the days they were known from', async () => {
    const script: Script = (url) =>
      url.searchParams.get('series_id') === 'DGS2'
        ? whole([
            observation('2024-05-28', '4.92', '2024-06-03'),
            observation('2024-05-28', '4.90', '2024-05-29', '2024-06-02'),
          ])
        : whole([observation('2024-05-28', '4.50', '2024-05-29')])
    const { answer } = await askScript(script)
    expect(answer.rows.get('UST 2024-05-28')).toEqual([
      known('DGS2', 4.9, '2024-05-29'),
      known('DGS2', 4.92, '2024-06-03'),
      known('DGS10', 4.5, '2024-05-29'),
      known('DGS30', 4.5, '2024-05-29'),
    ])
  })

  it('are not counted again where a window clips what was known before it', async () => {
    const script = inOrder([
      whole([observation(OLD, '1.50', '2016-08-25', '2024-04-16')]),
      whole([observation(OLD, '1.5', '2024-04-17', '2024-06-04'), observation(OLD, '1.51', '2024-06-05')]),
    ])
    const { answer } = await askScript(script, [OLD], ONE)
    expect(answer.rows.get(`UST ${OLD}`)).toEqual([
      known('DGS10', 1.5, '2016-08-25'),
      known('DGS10', 1.51, '2024-06-05'),
    ])
  })

  it('tell a value that was withdrawn, and one that came back', async () => {
    const rows = ['1.50', '.', '1.50'].map((value, i) => observation('2024-05-28', value, `2024-06-0${i + 3}`))
    const { answer } = await askScript(() => whole(rows), DAYS, ONE)
    expect(answer.rows.get('UST 2024-05-28')).toEqual([
      known('DGS10', 1.5, '2024-06-03'),
      known('DGS10', null, '2024-06-04'),
      known('DGS10', 1.5, '2024-06-05'),
    ])
  })

  it('that contradict each other on one day are both there, in the order served', async () => {
    const rows = ['1.50', '1.40', '1.40'].map((value) => observation('2024-05-28', value, '2024-05-29'))
    const { answer } = await askScript(() => whole(rows), DAYS, ONE)
    expect(answer.rows.get('UST 2024-05-28')).toEqual([
      known('DGS10', 1.5, '2024-05-29'),
      known('DGS10', 1.4, '2024-05-29'),
    ])
  })

  it.each([
    ['before the window', '2024-05-23'],
    ['in the far future', '2124-05-23'],
    ['on no day', '2024-02-30'],
    ['on something else', 'today'],
    ['never', null],
    ['at an instant', '2024-05-29T00:00:00Z'],
  ])('known %s cost their own cell', async (_when, start) => {
    const rows = [
      { ...observation('2024-05-28', '1.50'), realtime_start: start },
      observation('2024-05-29', '1.50', '2024-05-30'),
    ]
    const { answer } = await askScript(() => whole(rows), DAYS, ONE)
    expect([...answer.faults].map(([key, { fault }]) => [key, fault])).toEqual([['UST 2024-05-28', 'malformed']])
    expect([...answer.complete]).toEqual(['UST 2024-05-24', 'UST 2024-05-29'])
  })

  it('beyond the end of a window that has one cost their cell', async () => {
    const script = inOrder([whole([observation(OLD, '1.50', '2024-04-17')]), whole([])])
    const { answer } = await askScript(script, [OLD], ONE)
    expect(answer.faults.get(`UST ${OLD}`)?.message).toContain('known from 2024-04-17')
  })

  it('are paged through window by window', async () => {
    const all: Record<string, object[]> = {
      [WINDOWS[0]!]: ['1.1', '1.2', '1.3'].map((value, i) => observation(OLD, value, `2017-01-0${i + 2}`)),
      [WINDOWS[1]!]: ['1.3', '1.4'].map((value, i) => observation(OLD, value, `2024-04-${17 + i}`)),
    }
    const script: Script = (url) => {
      const rows = all[windowOf(url)] ?? []
      const offset = Number(url.searchParams.get('offset') ?? 0)
      return whole(rows.slice(offset, offset + 2), { count: rows.length, offset })
    }
    const { answer, asked } = await askScript(script, [OLD], ONE)
    expect(asked.map((url) => url.searchParams.get('offset') ?? '0')).toEqual(['0', '2', '0'])
    expect(answer.rows.get(`UST ${OLD}`)?.map((row) => 'value' in row && row.value)).toEqual([1.1, 1.2, 1.3, 1.4])
  })

  it('without end are given up as malformed', async () => {
    const script: Script = (url) => {
      const offset = Number(url.searchParams.get('offset') ?? 0)
      return whole([observation('2024-05-28', '1.5')], { count: 1e9, offset })
    }
    const { answer } = await askScript(script, DAYS, ONE)
    expect(answer).toMatchObject({ calls: 8, interruption: { fault: 'malformed' } })
    expect(answer.complete.size).toBe(0)
  })
})

describe('fred history: a window with too many vintage dates', () => {
  it('is asked again in halves, and those again, and loses nothing', async () => {
    const spans: string[] = []
    const script: Script = (url) => {
      const [start = '', end = ''] = windowOf(url).split(' ')
      spans.push(`${start} ${end}`)
      if (spans.length === 1 || spans.length === 3) return tooMany()
      return whole([observation('2024-05-28', start < '2024-06-08' ? '1.50' : '1.60', start, end)])
    }
    const { answer } = await askScript(script, DAYS, ONE)
    expect(spans).toEqual([
      '2024-05-24 9999-12-31',
      '2024-05-24 2024-06-03',
      '2024-06-04 9999-12-31',
      '2024-06-04 2024-06-09',
      '2024-06-10 9999-12-31',
    ])
    expect(answer).toMatchObject({ calls: 5, interruption: null })
    expect(answer.rows.get('UST 2024-05-28')).toEqual([
      known('DGS10', 1.5, '2024-05-24'),
      known('DGS10', 1.6, '2024-06-10'),
    ])
  })

  it('is given up as malformed after two halvings', async () => {
    const { answer } = await askScript(() => tooMany(), DAYS, ONE)
    expect(answer).toMatchObject({ calls: 3, interruption: { fault: 'malformed', status: 400 } })
    expect(answer.interruption?.message).toContain('2004 vintage dates')
    expect(answer.complete.size).toBe(0)
  })

  it('is given up at once when it holds a single day', async () => {
    const { answer } = await askScript(() => tooMany(), ['2024-06-14'], ONE)
    expect(answer).toMatchObject({ calls: 1, interruption: { fault: 'malformed' } })
  })
})

describe('fred history: a series that is refused', () => {
  it('in its first windows only has an archive that begins later', async () => {
    const script = inOrder([NOT_ARCHIVED, whole([observation(OLD, '1.50', '2024-04-17')])])
    const { answer } = await askScript(script, [OLD], ONE)
    expect(answer).toMatchObject({ calls: 2, interruption: null })
    expect(answer.rows.get(`UST ${OLD}`)).toEqual([known('DGS10', 1.5, '2024-04-17')])
  })

  it('after it was known is malformed, and no cell is complete', async () => {
    const script = inOrder([whole([observation(OLD, '1.50', '2016-08-25')]), NOT_ARCHIVED])
    const { answer } = await askScript(script, [OLD], ONE)
    expect(answer.interruption).toMatchObject({ fault: 'malformed' })
    expect(answer.interruption?.message).toContain('known before 2024-04-17')
    expect(answer.complete.size).toBe(0)
  })

  it('in every window is unknown, and the others make the curve', async () => {
    const script: Script = (url) =>
      url.searchParams.get('series_id') === 'DGS2'
        ? NO_SERIES
        : whole([observation(OLD, '1.50', url.searchParams.get('realtime_start') ?? '')])
    const { answer } = await askScript(script, [OLD])
    expect(answer).toMatchObject({ calls: 6, interruption: null })
    expect(answer.rows.get(`UST ${OLD}`)?.length).toBe(2)
  })
})

it('fred history: a request says its windows', () => {
  expect(() => FredRequest.parse({ group: 'UST', series: ['DGS2'], from: OLD, to: OLD, limit: 1 })).toThrow(/windows/)
})
