import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BarSource } from '../lab/source.ts'
import { bars, startTestNode, type TestNode } from '../test-node.ts'

/** Apple's bar of one day is in cents, at either vendor. */
function inCents(vendor: 'alpaca' | 'massive'): BarSource {
  const source = bars(vendor)
  const times = (price: number | null): number | null => (price === null ? null : price * 100)
  return {
    ...source,
    daily: (symbol, from, to) =>
      source
        .daily(symbol, from, to)
        .map((bar) =>
          symbol === 'AAPL' && bar.dt === '2025-07-03'
            ? { ...bar, o: times(bar.o), h: times(bar.h), l: times(bar.l), c: times(bar.c), vw: null }
            : bar,
        ),
  }
}

let node: TestNode
beforeAll(async () => {
  node = await startTestNode({ sources: { alpaca: inCents('alpaca'), massive: inCents('massive') } })
})
afterAll(() => node.remove())

const get = (accept: string): Promise<Response> => fetch(`${node.running().address}/quality`, { headers: { accept } })

test('quality: without a bundle it says what makes one, to a browser on a page', async () => {
  const answer = await get('application/json')
  expect(answer.status).toBe(404)
  expect(await answer.text()).toContain('POST /export')
  const page = await get('text/html')
  expect(page.status).toBe(200)
  expect(await page.text()).toContain('POST /export')
})

test('quality: the report of the latest bundle is text for a program and a page for a browser', async () => {
  await node.night()
  const text = await get('*/*')
  expect(text.headers.get('content-type')).toBe('text/markdown; charset=utf-8')
  expect(await text.text()).toMatch(/^# Quality of this bundle\n/)
  const page = await (await get('text/html')).text()
  expect(page).toContain('<h1>Quality of this bundle</h1>')
  expect(page).toMatch(/href="\.\/exports\/nightly\/2025-07-0\d\/"/)
  const [, picture = ''] = /<img class="bars" src="\.\/(exports\/nightly\/[^"]+\.svg)"/.exec(page) ?? []
  const drawn = await fetch(`${node.running().address}/${picture}`)
  expect(drawn.headers.get('content-type')).toBe('image/svg+xml')
  expect(page).toContain('href="./why/equities_bars/AAPL/2025-07-03"')
})
