import { afterEach, describe, expect, it } from 'vitest'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { askFred, hear } from './asking.ts'
import { withArchiveFrom, withRevisions } from './fred-vintages.ts'
import { LAB_KEYS, type Lab, startLab } from './lab.ts'
import { syntheticYields } from './synthetic.ts'

const NOW = instantOf('2024-06-14', '18:00')
/** The value of 28 May is published on the 29th and replaced on 4 June. */
const REVISED = { date: '2024-05-28', value: '9.99', from: '2024-06-04' }
const RANGE = { series_id: 'DGS10', observation_start: '2024-05-28', observation_end: '2024-05-29' }

interface Body {
  count: number
  observations: Record<string, string>[]
  vintage_dates: string[]
  seriess: Record<string, string>[]
}

let lab: Lab | undefined
afterEach(async () => lab?.close())

async function setup(): Promise<Lab> {
  const fred = withRevisions(syntheticYields(7), { DGS10: [REVISED] })
  lab = await startLab({ now: () => NOW, seed: 7, plan: 'basic', limits: { fred: 10_000 }, fred })
  return lab
}

const first = syntheticYields(7)
  .observations('DGS10', '2024-05-28', '2024-05-29')
  .map((row) => row.value) as [string, string]
const observe = async (on: Lab, query: Record<string, string>): Promise<Body> =>
  (await askFred(on, { ...RANGE, ...query })).body as Body
const realtime = (start: string, end = start) => ({ realtime_start: start, realtime_end: end })

const path = async (on: Lab, name: string, query: Record<string, string>) =>
  hear(
    `${on.fred.url}/fred/${name}?${new URLSearchParams({ series_id: 'DGS10', api_key: LAB_KEYS.fred, file_type: 'json', ...query })}`,
    {},
  )

describe('fred vintages: a value that was revised', () => {
  it('is the old one as of the day before and the new one from that day on', async () => {
    const on = await setup()
    const asOf = async (day: string) => (await observe(on, realtime(day))).observations[0]?.value
    expect(await asOf('2024-06-03')).toBe(first[0])
    expect(await asOf('2024-06-04')).toBe('9.99')
    expect((await observe(on, {})).observations[0]).toEqual({
      ...realtime('2024-06-14'),
      date: '2024-05-28',
      value: '9.99',
    })
  })

  it('comes as two rows clipped to a window that saw both', async () => {
    const { observations, count } = await observe(await setup(), realtime('2024-05-30', '2024-06-10'))
    expect(observations).toEqual([
      { ...realtime('2024-05-30', '2024-06-03'), date: '2024-05-28', value: first[0] },
      { ...realtime('2024-06-04', '2024-06-10'), date: '2024-05-28', value: '9.99' },
      { ...realtime('2024-05-30', '2024-06-10'), date: '2024-05-29', value: first[1] },
    ])
    expect(count).toBe(3)
  })

  it('has a column for each vintage with type 2, and only the new ones with type 3', async () => {
    const on = await setup()
    const window = realtime('2024-06-03', '2024-06-05')
    const all = await observe(on, { ...window, output_type: '2' })
    expect(all.observations[0]).toEqual({
      date: '2024-05-28',
      DGS10_20240603: first[0],
      DGS10_20240604: '9.99',
      DGS10_20240605: '9.99',
    })
    const fresh = await observe(on, { ...window, output_type: '3' })
    expect(fresh.observations).toEqual([{ date: '2024-05-28', DGS10_20240604: '9.99' }])
  })

  it('shows its first release with type 4', async () => {
    const { observations } = await observe(await setup(), { ...realtime('2024-05-01', '9999-12-31'), output_type: '4' })
    expect(observations.map((row) => [row.date, row.realtime_start, row.value])).toEqual([
      ['2024-05-28', '2024-05-29', first[0]],
      ['2024-05-29', '2024-05-30', first[1]],
    ])
  })
})

describe('fred vintages: vintages', () => {
  it('are listed by day and paged', async () => {
    const on = await setup()
    const heard = await path(on, 'series/vintagedates', {
      ...realtime('2024-06-03', '2024-06-07'),
      limit: '2',
      offset: '1',
    })
    expect(heard.body).toMatchObject({ count: 5, offset: 1, limit: 2, vintage_dates: ['2024-06-04', '2024-06-05'] })
  })

  it('of more than 2000 days are refused together', async () => {
    const heard = await askFred(await setup(), { ...RANGE, ...realtime('1776-07-04', '9999-12-31') })
    expect(heard.status).toBe(400)
    expect((heard.body as { error_message: string }).error_message).toMatch(
      /^Bad Request\. {2}There are \d{4,5} vintage dates in the specified real-time period/,
    )
    expect((await observe(lab as Lab, realtime('2018-01-01', '2024-06-14'))).observations).toHaveLength(3)
  })
})

describe('fred vintages: a real-time window', () => {
  const archived = async (): Promise<Lab> => {
    const fred = withArchiveFrom(syntheticYields(7), '2005-06-01')
    lab = await startLab({ now: () => NOW, seed: 7, plan: 'basic', limits: { fred: 10_000 }, fred })
    return lab
  }
  const messageOf = async (on: Lab, query: Record<string, string>): Promise<[number, string]> => {
    const heard = await askFred(on, { ...RANGE, ...query })
    return [heard.status, (heard.body as { error_message: string }).error_message]
  }

  it('before the first vintage is refused, and one that reaches into the archive dates old values by its begin', async () => {
    const on = await archived()
    expect(await messageOf(on, realtime('2000-01-03', '2005-05-31'))).toEqual([
      400,
      expect.stringContaining('The series does not exist in ALFRED but may exist in FRED.'),
    ])
    const old = { observation_start: '1998-03-02', observation_end: '1998-03-02' }
    const { observations } = await observe(on, { ...old, ...realtime('2000-01-03', '2005-06-01') })
    expect(observations).toMatchObject([{ date: '1998-03-02', ...realtime('2005-06-01') }])
  })

  it('may end in the future only at its very end, and begin there never', async () => {
    const on = await archived()
    const late = expect.stringContaining("can not be after today's date (2024-06-14)")
    expect(await messageOf(on, realtime('2024-06-03', '2024-06-15'))).toEqual([400, late])
    expect(await messageOf(on, realtime('2024-06-15', '9999-12-31'))).toEqual([400, late])
    expect((await observe(on, realtime('2024-06-03', '9999-12-31'))).count).toBe(2)
  })
})

describe('fred vintages: a series', () => {
  it('says from when to when it reaches and when it last changed', async () => {
    const { body } = await path(await setup(), 'series', {})
    expect((body as Body).seriess[0]).toMatchObject({
      id: 'DGS10',
      observation_end: '2024-06-13',
      last_updated: expect.stringMatching(/^2024-06-14 \d\d:\d\d:\d\d-05$/),
      title: expect.stringContaining('at 10-Year Constant Maturity'),
    })
  })

  it('comes as XML where JSON was not asked for', async () => {
    const on = await setup()
    const heard = await hear(`${on.fred.url}/fred/series?series_id=DGS10&api_key=${LAB_KEYS.fred}`, {})
    expect(heard.text).toContain('<series id="DGS10"')
  })
})
