import { afterEach, describe, expect, it } from 'vitest'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { askFred, hear } from './asking.ts'
import { LAB_KEYS, type Lab, type LabOptions, startLab } from './lab.ts'
import { syntheticYields } from './synthetic.ts'

interface ObservationsBody {
  realtime_start: string
  observation_start: string
  observation_end: string
  count: number
  offset: number
  limit: number
  observations: { realtime_start: string; realtime_end: string; date: string; value: string }[]
}

let now = 0
let lab: Lab | undefined
afterEach(async () => lab?.close())

async function setup(options: Partial<LabOptions> = {}): Promise<Lab> {
  now = instantOf('2024-06-14', '12:00')
  lab = await startLab({ now: () => now, seed: 7, plan: 'basic', fred: syntheticYields(7), ...options })
  return lab
}

const observe = async (on: Lab, query: Record<string, string>): Promise<ObservationsBody> =>
  (await askFred(on, { series_id: 'DGS10', ...query })).body as ObservationsBody

describe('fred: observations', () => {
  it('are texts with two decimals, "." on a weekday holiday, and absent on a weekend', async () => {
    const body = await observe(await setup(), { observation_start: '2023-11-09', observation_end: '2023-11-14' })
    expect(body.observations.map((row) => row.date)).toEqual(['2023-11-09', '2023-11-10', '2023-11-13', '2023-11-14'])
    const { observations } = await observe(lab as Lab, {
      observation_start: '2023-10-06',
      observation_end: '2023-10-10',
    })
    expect(observations.map((row) => [row.date, row.value])).toEqual([
      ['2023-10-06', expect.stringMatching(/^\d+\.\d\d$/)],
      ['2023-10-09', '.'],
      ['2023-10-10', expect.stringMatching(/^\d+\.\d\d$/)],
    ])
  })

  it('echo the default range and the real time of today', async () => {
    const body = await observe(await setup(), { limit: '1', sort_order: 'desc' })
    expect(body).toMatchObject({
      realtime_start: '2024-06-14',
      observation_start: '1600-01-01',
      observation_end: '9999-12-31',
      limit: 1,
      offset: 0,
      observations: [{ realtime_start: '2024-06-14', realtime_end: '2024-06-14', date: '2024-06-12' }],
    })
    expect(body.count).toBeGreaterThan(8_000)
  })

  it('page by offset', async () => {
    const on = await setup()
    const range = { observation_start: '2024-01-02', observation_end: '2024-03-29' }
    const whole = await observe(on, range)
    const half = await observe(on, { ...range, limit: '40' })
    const rest = await observe(on, { ...range, limit: '40', offset: '40' })
    expect([...half.observations, ...rest.observations]).toEqual(whole.observations)
    expect([half.count, rest.count]).toEqual([whole.count, whole.count])
  })

  it('appear at 16:15 of the next publication day on the free plan, over a holiday too', async () => {
    const on = await setup()
    const newest = async () => (await observe(on, { sort_order: 'desc', limit: '1' })).observations[0]?.date
    now = instantOf('2024-06-20', '16:14')
    expect(await newest()).toBe('2024-06-17')
    now = instantOf('2024-06-20', '16:15')
    expect(await newest()).toBe('2024-06-19')
    expect((await observe(on, { observation_start: '2024-06-19' })).observations.map((row) => row.value)).toEqual(['.'])
  })

  it('appear in the evening of the day itself on the open plan', async () => {
    const on = await setup({ plan: 'open' })
    const newest = async () => (await observe(on, { sort_order: 'desc', limit: '1' })).observations[0]?.date
    expect(await newest()).toBe('2024-06-13')
    now = instantOf('2024-06-14', '18:00')
    expect(await newest()).toBe('2024-06-14')
  })

  it('as known on an earlier day end earlier', async () => {
    const body = await observe(await setup(), {
      realtime_start: '2024-03-05',
      realtime_end: '2024-03-05',
      observation_start: '2024-03-01',
    })
    expect(body.observations.map((row) => row.date)).toEqual(['2024-03-01', '2024-03-04'])
  })

  it('come as XML unless JSON is asked for', async () => {
    const on = await setup()
    const url = `${on.fred.url}/fred/series/observations?series_id=DGS10&api_key=${LAB_KEYS.fred}&observation_start=2024-06-10`
    const heard = await hear(url, {})
    expect(heard.type).toContain('text/xml')
    expect(heard.text).toMatch(
      /<observation realtime_start="2024-06-14" realtime_end="2024-06-14" date="2024-06-10" value="/,
    )
  })
})

describe('fred: refusals', () => {
  it.each([
    [{ api_key: '' }, 'Variable api_key is not set.'],
    [{ api_key: 'SHORT' }, 'is not a 32 character alpha-numeric lower-case string'],
    [{ api_key: 'z'.repeat(32) }, 'is not registered'],
    [{ series_id: 'DGS99' }, 'Bad Request.  The series does not exist.'],
    [{ limit: '100001' }, 'limit'],
    [{ observation_start: '2024-02-30' }, 'observation_start'],
  ])('%j is a 400: %s', async (query, message) => {
    const heard = await askFred(await setup(), { series_id: 'DGS10', ...query })
    expect(heard.status).toBe(400)
    expect(heard.body).toEqual({ error_code: 400, error_message: expect.stringContaining(message) })
  })

  it('say so in XML where JSON was not asked for', async () => {
    const on = await setup()
    const heard = await hear(`${on.fred.url}/fred/series/observations?series_id=DGS10`, {})
    expect(heard.status).toBe(400)
    expect(heard.text).toContain('<error code="400" message="Bad Request.  Variable api_key is not set.')
  })
})
