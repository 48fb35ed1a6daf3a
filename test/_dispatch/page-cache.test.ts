import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { pageCache, sweepPageCache } from '../../functions/_dispatch/page-cache.ts'
import { pageCacheFolder } from '../../functions/_lake/paths.ts'
import { answerBuilder } from '../../functions/_vendors/answer-builder.ts'
import { type Get, VendorError } from '../../functions/_vendors/vendor.ts'

const NOW = Date.UTC(2025, 6, 8)
const HOUR = 3_600_000
let root: string
let now: number
let asked: string[]
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kept-'))
  now = NOW
  asked = []
})
afterEach(() => rm(root, { recursive: true }))

const vendor: Get = async ({ path }) => {
  asked.push(path)
  if (path === '/broke') throw new VendorError('v', 'rate_limited', 'the budget is spent', {})
  return { status: 200, contentType: 'application/json', headers: { etag: '1' }, body: `{"page":"${path}"}` }
}
const pages = () => pageCache(root, 'v', () => now)
const question = (path: string) => ({ path, query: { b: '2', a: '1' } })
const files = async () => (await readdir(pageCacheFolder(root), { recursive: true })).filter((name) => /gz$/.test(name))

test('page cache: a page that was served is not paid for again, by the next asking or the next process', async () => {
  const first = await pages().cached(vendor)(question('/one'))
  expect(first.isCached).toBeUndefined()
  const again = await pages().cached(vendor)({ path: '/one', query: { a: '1', b: '2' } })
  expect(again).toEqual({ status: 200, contentType: 'application/json', headers: {}, body: first.body, isCached: true })
  expect(asked).toEqual(['/one'])
})

test('page cache: another path, query or host is another page', async () => {
  const get = pages().cached(vendor)
  await get(question('/one'))
  await get({ path: '/one', query: { a: '1' } })
  await get({ ...question('/one'), host: 'trading' })
  await get({ ...question('/one'), url: 'https://v.test/one?cursor=2' })
  expect(asked).toHaveLength(4)
})

test('page cache: what failed is not kept', async () => {
  const get = pages().cached(vendor)
  await expect(get(question('/broke'))).rejects.toBeInstanceOf(VendorError)
  await expect(get(question('/broke'))).rejects.toBeInstanceOf(VendorError)
  expect(asked).toEqual(['/broke', '/broke'])
})

test("page cache: a plan that is answered forgets its own pages and nobody else's", async () => {
  const done = pages()
  await done.cached(vendor)(question('/one'))
  await pages().cached(vendor)(question('/two'))
  await done.forget()
  await pages().cached(vendor)(question('/one'))
  await pages().cached(vendor)(question('/two'))
  expect(asked).toEqual(['/one', '/two', '/one'])
})

test('page cache: an old page, a torn one and one from a clock that ran ahead are asked for again', async () => {
  await pages().cached(vendor)(question('/one'))
  now = NOW + 25 * HOUR
  await pages().cached(vendor)(question('/one'))
  now = NOW
  await pages().cached(vendor)(question('/one'))
  const [name = ''] = await files()
  await writeFile(join(pageCacheFolder(root), name), 'torn')
  await pages().cached(vendor)(question('/one'))
  expect(asked).toHaveLength(4)
})

test('page cache: the sweep removes what nobody came back for, and what is torn', async () => {
  expect(await sweepPageCache(root, now)).toBe(0)
  await pages().cached(vendor)(question('/one'))
  expect(await sweepPageCache(root, NOW + 23 * HOUR)).toBe(0)
  expect(await sweepPageCache(root, NOW + 25 * HOUR)).toBe(1)
  expect(await files()).toEqual([])
})

test('page cache: a kept page counts as no call', async () => {
  await pages().cached(vendor)(question('/one'))
  const asked = { symbols: new Set<string>(), from: '2025-07-01', to: '2025-07-01', calendar: calendarOf('xnys') }
  const gathering = answerBuilder([], asked)
  const get = pages().cached(vendor)
  await gathering.send(get, question('/one'))
  await gathering.send(get, question('/two'))
  expect(gathering.answer(null).calls).toBe(1)
})
