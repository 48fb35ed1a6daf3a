import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { Bundle } from '../../functions/openapi/answers/exports.ts'
import { claim } from '../db/temp-db.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { ASOF, EVENING, startTestNode, type TestNode } from '../test-node.ts'
import { type Check, checkOf, type Documented, type OpenApi, operationsOf, pathOf, strictParser } from './documented.ts'

let node: TestNode
let receiver: Receiver
let operations: Documented[]
let check: Check
const ask = (path: string, init?: RequestInit): Promise<Response> =>
  fetch(`${node.running().address}${path}`, { redirect: 'manual', ...init })
const route = (method: string, path: string): Documented => {
  const found = operations.find((one) => one.method === method && one.path === path)
  if (found === undefined) throw new Error(`no ${method} ${path} in the document`)
  return found
}

beforeAll(async () => {
  receiver = await startReceiver()
  node = await startTestNode({ env: { WEBHOOK_URL: receiver.url } })
  const document = (await (await ask('/openapi.json')).json()) as OpenApi
  operations = operationsOf(document)
  check = checkOf(document)
})
afterAll(async () => {
  await node.remove()
  await receiver.close()
})

/** Reads that show what is wrong. */
const TROUBLES = [
  '/status',
  '/readyz',
  '/queue',
  '/queue?state=stalled&limit=3',
  '/queue?dataset=equities_bars',
  '/vendors',
  '/quarantine',
  '/changes',
  '/changes?limit=1',
  '/coverage/equities_bars?by=month',
  `/why/equities_bars/AAPL/${ASOF}`,
  `/why/equities_bars/MSFT/2025-07-07`,
  '/why/equities_bars/AAPL/2025-07-04',
  `/why/macro_treasury/UST/${ASOF}`,
]
const VOLUME = { added: 0, removed: 0, changed: 1, fields: [{ field: 'volume', rows: 1, emptied: 0, largest: 0.25 }] }

/** `/queue` of `/queue?limit=1`, and the path of the document that it belongs to. */
function templateFor(asked: string): string {
  const path = asked.replace(/\?.*/, '')
  const found = operations.find((one) => new RegExp(`^${one.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path))
  if (found === undefined) throw new Error(`no path for ${asked} in the document`)
  return found.path
}

/** Asks every read for JSON. */
async function readAll(): Promise<void> {
  for (const one of operations.filter(({ method }) => method === 'GET')) await check(one, await ask(pathOf(one)))
}

test('OpenAPI: every read of a new node answers as the document says', async () => {
  await readAll()
})

test('OpenAPI: a read with parameters refuses one that the document does not name, and no other read has a refusal that it does not list', async () => {
  for (const one of operations.filter(({ method }) => method === 'GET')) {
    const answer = await ask(`${pathOf(one)}?unknown=1`)
    if (one.operation.parameters?.some((parameter) => parameter.in === 'query'))
      expect(answer.status, one.path).toBe(400)
    await check(one, answer)
  }
})

test('OpenAPI: a queue that nobody has worked on yet answers as the document says', async () => {
  await node.steps('audit')
  await readAll()
  await check(route('GET', '/queue'), await ask('/queue?state=queued'))
})

test('OpenAPI: every read after a night answers as the document says, for programs and for browsers', async () => {
  expect((await node.night()).every(({ ok }) => ok)).toBe(true)
  await readAll()
  for (const one of operations.filter(({ method }) => method === 'GET'))
    await check(one, await ask(pathOf(one), { headers: { accept: 'text/html' } }))
  const nightly = route('GET', '/exports/nightly/{path}')
  for (const path of [
    '2025-07-08/?since=2025-07-08',
    '2025-07-08',
    '2025-07-08/README.md',
    '2025-07-08/MANIFEST.json',
    '2025-07-08.tar',
  ])
    await check(nightly, await ask(`/exports/nightly/${path}`))
  const listing = strictParser(z.toJSONSchema(Bundle, { io: 'input' }))
  for (const query of ['', '?since=2025-07-08'])
    expect(listing.safeParse(await (await ask(`/exports/nightly/2025-07-08/${query}`)).json()).error).toBeUndefined()
  await check(route('GET', '/coverage/{dataset}'), await ask('/coverage/equities_bars.svg'))
})

test('OpenAPI: every function takes the example of its body, and answers as the document says', async () => {
  const functions = operations.filter(({ method, path }) => method === 'POST' && !/^\/log(in|out)$|\/form$/.test(path))
  // A chain works on while the others are called: it comes last.
  for (const one of functions.sort((a, b) => Number(a.path === '/run/{chain}') - Number(b.path === '/run/{chain}'))) {
    const { example } = one.operation.requestBody!.content['application/json']!
    const answer = await ask(pathOf(one), { method: 'POST', body: JSON.stringify(example) })
    expect(answer.status, one.path).toBeLessThan(300)
    await check(one, answer)
  }
  await readAll()
})

test('OpenAPI: a node in trouble answers as the document says: refused answers, open circuits, given-up tasks, corrections, a call under way', async () => {
  const troubled = await startTestNode()
  const asking = (path: string): Promise<Response> => fetch(`${troubled.running().address}${path}`)
  try {
    const { db } = troubled.running().node
    await troubled.post('/audit')
    await db.write([
      sql`INSERT INTO corrections (dataset, symbol, dt, vendor, at, previous, digest, rows_before, rows, verdict, difference, window_sessions)
          VALUES ('equities_bars', 'AAPL', ${ASOF}, 'alpaca', ${EVENING}, 'old', 'new', 1, 1, 'replaced', ${JSON.stringify(VOLUME)}, 1),
                 ('equities_bars', 'MSFT', ${ASOF}, 'alpaca', ${EVENING}, 'old', 'new', 2, 1, 'kept_more_rows', NULL, NULL)`,
    ])
    troubled.lab.alpaca.fault({ kind: 'string-numbers' })
    troubled.lab.massive.fault({ kind: 'html-200' })
    troubled.lab.fred.fault({ kind: 'status-500' })
    for (let turns = 0; turns < 60; turns++) {
      const { body } = await troubled.post('/dispatch-one-task', {})
      if (turns % 10 === 1)
        for (const path of TROUBLES) await check(route('GET', templateFor(path)), await asking(path))
      if (body.more) continue
      if (body.nextAt === null) break
      await troubled.clock.sleep(Date.parse(String(body.nextAt)) - troubled.clock.now())
    }
    await troubled.post('/hold', { dataset: 'equities_bars', symbol: 'AAPL', dt: ASOF, reason: 'doubtful' })
    const task = (await db.all<{ id: number }>(sql`SELECT id FROM gap_tasks WHERE state = 'queued' LIMIT 1`))[0]
    if (task)
      await claim(db, [task.id], 'a-token', {
        now: troubled.clock.now(),
        leaseExpiresAt: troubled.clock.now() + 60_000,
      })
    const answers: Record<string, Record<string, unknown[]>> = {}
    for (const path of TROUBLES)
      answers[path] = (await check(route('GET', templateFor(path)), await asking(path))) as Record<string, unknown[]>
    expect(answers['/quarantine']!.samples!.length).toBeGreaterThan(0)
    expect(answers['/queue']!.stalled!.length).toBeGreaterThan(0)
    expect(answers['/changes']!.changes).toHaveLength(2)
    expect(answers['/readyz']!.reasons!.length).toBeGreaterThan(0)
  } finally {
    await troubled.remove()
  }
})

test('OpenAPI: an answer with a field that the document does not name, or without one that it does, is noticed', async () => {
  const ready = route('GET', '/livez')
  await check(ready, Response.json({ ok: true }))
  await expect(check(ready, Response.json({ ok: true, more: 1 }))).rejects.toThrow('more')
  await expect(check(ready, Response.json({}))).rejects.toThrow('ok')
  await expect(check(ready, Response.json({ ok: false, error: 'no' }, { status: 404 }))).rejects.toThrow('404')
})

test('OpenAPI: the form of a browser answers as the document says', async () => {
  const login = route('POST', '/login')
  await check(login, await ask('/login', { method: 'POST', body: new URLSearchParams({ token: 'x' }) }))
  await check(route('POST', '/logout'), await ask('/logout', { method: 'POST' }))
})
