import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../functions/index.ts'
import { ASOF, startTestNode, type TestNode } from '../test-node.ts'

const FUNCTIONS = [
  'ingest-tick',
  'audit',
  'dispatch-one-task',
  'curate-partition',
  'qc-partition',
  'sample',
  'export',
  'reference',
  'sweep',
  'redrive',
]

let node: TestNode
let before: string
beforeAll(async () => {
  node = await startTestNode()
  before = await node.databaseText()
})
afterAll(() => node.remove())

const refused = async (path: string, body: unknown): Promise<string> => {
  const answer = await node.post(path, body)
  expect(answer.status).toBe(400)
  expect(answer.body).toEqual({ ok: false, error: expect.any(String) })
  return String(answer.body.error)
}

describe.each(FUNCTIONS)('handler: POST /%s', (name) => {
  const path = `/${name}`

  test('refuses a body that is not JSON', async () => {
    expect(await refused(path, '{"at":')).toMatch(/is not JSON/)
  })

  test.each(['[]', '"night"', '7', 'null'])('refuses the body %s', async (body) => {
    expect(await refused(path, body)).toMatch(/body: .*object/)
  })

  test('refuses a field it does not know, by its name', async () => {
    expect(await refused(path, { symbols: ['AAPL'] })).toContain('symbols')
  })

  test.each<[string, unknown]>([
    ['a day', '2025-07-08'],
    ['an instant without zone', '2025-07-08T20:30:00'],
    ['an hour that no clock shows', '2025-07-08T25:30:00Z'],
    ['a number', 1_752_000_000_000],
    ['nothing', null],
  ])('refuses %s as at', async (_kind, at) => {
    expect(await refused(path, { at })).toMatch(/^at: .*2026-01-05T20:30:00-05:00/)
  })

  test('refuses to speak for an instant that has not come, or that no calendar knows', async () => {
    expect(await refused(path, { at: '2025-07-09T20:30:00-04:00' })).toMatch(/^at: .*future/)
    expect(await refused(path, { at: '2099-07-09T20:30:00-04:00' })).toMatch(/^at: .*future/)
    expect(await refused(path, { at: '1980-07-09T20:30:00-04:00' })).toMatch(/^at: .*1990/)
  })

  test('is not there for GET, and the answer lists what is', async () => {
    const { status, body } = await node.get(path)
    expect(status).toBe(404)
    expect(body.error).toContain(`no GET ${path} here`)
    expect(body.error).toContain(`POST ${path}`)
  })
})

describe('handler: dispatch-one-task', () => {
  test('refuses a lane there is not, and a dry run that is neither yes nor no', async () => {
    expect(await refused('/dispatch-one-task', { lane: 'tomorrow' })).toMatch(/^lane: /)
    expect(await refused('/dispatch-one-task', { dryRun: 'yes' })).toMatch(/^dryRun: /)
  })
})

describe('handler: export', () => {
  test('refuses an as-of day that is not over', async () => {
    expect(await refused('/export', { asof: '2025-07-09' })).toMatch(new RegExp(`2025-07-09 is not over.*${ASOF}`))
    expect(await refused('/export', { asof: ASOF, at: '2025-07-08T15:00:00-04:00' })).toMatch(/2025-07-07/)
  })

  test('refuses a day without a session, and says which one to take', async () => {
    expect(await refused('/export', { asof: '2025-07-05' })).toContain('2025-07-03')
  })

  test.each(['2025-02-30', '../../etc', '2025-7-8', ''])('refuses %j as a day', async (asof) => {
    expect(await refused('/export', { asof })).toMatch(/^asof: .*YYYY-MM-DD/)
  })

  test('refuses a day before every calendar', async () => {
    expect(await refused('/export', { asof: '1980-01-02' })).toMatch(/1990/)
  })
})

describe('handler: the request handler', () => {
  test('nothing that was refused left a trace', async () => {
    expect(await node.databaseText()).toBe(before)
    expect(node.asked()).toBe(0)
  })

  test('all faults of a body are named at once', async () => {
    const error = await refused('/dispatch-one-task', { at: 'now', lane: 'x', wrong: 1 })
    for (const part of ['at:', 'lane:', 'wrong']) expect(error).toContain(part)
  })

  test('a body of megabytes is refused before it is read', async () => {
    const app = createApp(node.running().node, { full: null, read: null })
    const body = `{"at":"${'x'.repeat(2 * 1024 * 1024)}"}`
    const answer = await app.request('http://127.0.0.1/audit', { method: 'POST', body, headers: { host: '127.0.0.1' } })
    expect(answer.status).toBe(413)
    expect(await answer.json()).toMatchObject({ ok: false, error: expect.stringContaining('1 MiB') })
  })

  test('an unknown path is answered with the list of known ones', async () => {
    for (const { status, body } of [
      await node.get('/wp-login.php'),
      await node.post('/audit/', {}),
      await node.post('/'),
    ]) {
      expect(status).toBe(404)
      expect(body.ok).toBe(false)
      for (const name of FUNCTIONS) expect(body.error).toContain(`POST /${name}`)
      expect(body.error).toContain('GET /status')
    }
  })

  test('a bug is one sentence and a log line, never a stack in the answer', async () => {
    const broken = { ...node.running().node, now: () => Number.NaN }
    const lines: unknown[] = []
    const app = createApp({ ...broken, log: (...entry) => void lines.push(entry) }, { full: null, read: null })
    const answer = await app.request('http://127.0.0.1/audit', { method: 'POST', headers: { host: '127.0.0.1' } })
    expect(answer.status).toBe(500)
    const { error } = (await answer.json()) as { error: string }
    expect(error).toMatch(/^\/audit failed: /)
    expect(error).not.toContain('\n')
    expect(lines).toEqual([['request.failed', { path: '/audit', error: expect.any(Error) }]])
  })
})

describe('handler: reading', () => {
  test('the node lives and is ready', async () => {
    expect(await node.get('/livez')).toEqual({ status: 200, body: { ok: true } })
    expect(await node.get('/readyz')).toEqual({ status: 200, body: { ok: true, status: 'ok', reasons: [] } })
  })

  test('the status names the day, the clock, the vendors and their budgets', async () => {
    const { status, body } = await node.get('/status')
    expect(status).toBe(200)
    expect(body).toMatchObject({ ok: true, asof: ASOF, now: '2025-07-09T00:30:00.000Z', coverage: [], exports: [] })
    expect(body.lostFiles).toEqual({ damaged: 0, gone: 0, repaired: 0, kept: 0, newest: [] })
    expect(body.vendors).toEqual([
      expect.objectContaining({ vendor: 'alpaca', ready: true, callsThisMinute: 0, callsPerMinute: 200 }),
      expect.objectContaining({ vendor: 'alpaca_iex', ready: true }),
      expect.objectContaining({ vendor: 'massive', ready: true }),
      expect.objectContaining({ vendor: 'fred', ready: true }),
    ])
    expect((await node.get('/')).body).toEqual(body)
  })
})
