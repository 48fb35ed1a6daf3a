import { afterAll, beforeAll, expect, test } from 'vitest'
import { EVENING, startTestNode, type TestNode } from '../test-node.ts'

let node: TestNode
beforeAll(async () => {
  node = await startTestNode()
})
afterAll(() => node.remove())

const page = async (path = '/', accept = 'text/html'): Promise<Response> =>
  fetch(`${node.running().address}${path}`, { headers: { accept } })
const verdict = (text: string): string =>
  (/<div id="verdict"[^>]*>(.*?)<\/div><\/div>/s.exec(text)?.[1] ?? '').replaceAll(/<[^>]+>/g, '')

/** Reads the events until one has what is looked for; the connection is closed then. */
async function eventWith(found: (sections: Record<string, string>) => boolean): Promise<Record<string, string>> {
  const answer = await fetch(`${node.running().address}/events`)
  expect(answer.headers.get('content-type')).toBe('text/event-stream')
  const reader = answer.body!.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const { value, done } = await reader.read()
    if (done) break
    text += decoder.decode(value, { stream: true })
    const events = text
      .split('\n\n')
      .slice(0, -1)
      .filter((one) => one.startsWith('data: '))
    const sections = events.map((one) => JSON.parse(one.slice('data: '.length)) as Record<string, string>).find(found)
    if (sections === undefined) continue
    await reader.cancel()
    return sections
  }
  throw new Error('expected an event with what is looked for, the stream ended')
}

test('home: a program gets JSON, a browser a page that runs nothing of others', async () => {
  const json = await page('/', '*/*')
  expect(json.headers.get('vary')).toBe('Accept')
  expect(await json.json()).toMatchObject({ ok: true, coverage: expect.anything() })
  const answer = await page()
  expect(answer.headers.get('content-type')).toMatch(/^text\/html/)
  expect(answer.headers.get('vary')).toContain('Accept')
  expect(answer.headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'self'; script-src 'self'/,
  )
  const text = await answer.text()
  expect(text).not.toMatch(/<script(?! src=)|<style|\sstyle=|\son\w+=/i)
  expect(text).not.toMatch(/\b(undefined|null|NaN|\[object)/)
  expect(text).not.toContain('log out')
})

test('home: before the first night it says so, and when it comes', async () => {
  expect(verdict(await (await page()).text())).toBe('Well. No bundle yet. Next run Wed 9 Jul 20:30.')
})

test('home: after a night it shows the bundle, the coverage and where each vendor stands', async () => {
  await node.night()
  const text = await (await page()).text()
  expect(verdict(text)).toMatch(/^Well\. Last bundle 20:\d\d, complete\. Next run Wed 9 Jul 20:30\.$/)
  expect(text).toContain('<a href="./exports/nightly/2025-07-08/">2025-07-08</a>')
  for (const vendor of ['alpaca', 'massive', 'fred']) expect(text).toContain(`<a href="./vendors">${vendor}</a>`)
  // What was counted before the night is kept for five minutes of the clock, which runs while the stream is open.
  const { coverage } = await eventWith((sections) => sections.coverage?.includes('equities_bars: 100 %') ?? false)
  expect(coverage).toContain('<a href="./coverage/equities_bars">')
  expect(coverage).toMatch(/aria-label="equities_bars: 100 % is there or explained"/)
})

test('home: every link of the page leads to something', async () => {
  const text = await (await page()).text()
  const links = [...new Set([...text.matchAll(/ href="(\.\/[^"]*)"/g)].map(([, href]) => href!.slice(1)))]
  expect(links.length).toBeGreaterThan(8)
  for (const link of links) expect((await page(link.replaceAll('&amp;', '&'), '*/*')).status, link).toBe(200)
})

test('home: what is wrong stands in the first line, as /readyz has it, and goes when it is over', async () => {
  const { health } = node.running().node
  let isWrong = true
  health.add(() =>
    isWrong ? [{ code: 'disk_low', what: 'the disk is <nearly> full', todo: 'Free space', since: EVENING }] : [],
  )
  const { reasons } = (await (await fetch(`${node.running().address}/readyz`)).json()) as {
    reasons: { sentence: string }[]
  }
  expect(reasons.map(({ sentence }) => sentence)).toEqual(['The disk is <nearly> full; free space.'])
  const text = await (await page()).text()
  expect(verdict(text)).toMatch(/^Needs attention\. .*The disk is &lt;nearly&gt; full; free space\.$/)
  isWrong = false
  expect(verdict(await (await page()).text())).toMatch(/^Well\./)
})

test('home: a node that cannot read its database still says so on its page', async () => {
  const { node: real } = node.running()
  const { createApp } = await import('../../functions/index.ts')
  const fail = () => Promise.reject(new Error('disk I/O error'))
  const broken = {
    ...real,
    db: { ...real.db, all: fail, orm: undefined as never },
    health: { ...real.health, reasons: fail },
  }
  const app = createApp(broken, { full: null, read: null })
  const answer = await app.request('/', { headers: { host: '127.0.0.1', accept: 'text/html' } })
  expect(answer.status).toBe(200)
  expect(verdict(await answer.text())).toMatch(/^Down: nothing is written\. .*The database does not answer/)
})

test('home: an open page does not hold up a stop', async () => {
  const answer = await fetch(`${node.running().address}/events`)
  const reader = answer.body!.getReader()
  await reader.read()
  const begun = performance.now()
  await node.stop()
  // The stop would wait six seconds for a stream that does not end.
  expect(performance.now() - begun).toBeLessThan(5_000)
  await reader.cancel()
  await node.start()
})
