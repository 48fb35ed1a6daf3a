import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestNode, type TestNode } from '../test-node.ts'

let node: TestNode
beforeAll(async () => {
  node = await startTestNode()
})
afterAll(() => node.remove())

const page = async (): Promise<string> =>
  await (await fetch(`${node.running().address}/history`, { headers: { accept: 'text/html' } })).text()

test('history: of a node that has done nothing is empty, and its page says so', async () => {
  expect((await node.get('/history')).body).toEqual({ ok: true, bundles: [], quality: [], calls: [] })
  expect(await page()).toContain('There is no bundle yet.')
})

test('history: after a night it has the bundle, the judged days and the calls', async () => {
  await node.night()
  const { body } = await node.get('/history')
  expect(body).toMatchObject({
    bundles: [{ asof: '2025-07-08' }],
    quality: [
      { dataset: 'equities_bars', days: Array.from({ length: 6 }, () => ({ present: 2, held: 0 })) },
      { dataset: 'macro_treasury', days: Array.from({ length: 6 }, () => ({ present: 1, held: 0 })) },
    ],
    calls: [{ vendor: 'alpaca' }, { vendor: 'fred' }],
  })
  const shown = await page()
  expect(shown).toContain('aria-label="Size of the bundles: 1 day,')
  expect(shown).toMatch(/<title>2025-07-0\d, calls: \d+<\/title>/)
  expect((await node.get('/history?from=2025-01-01')).status).toBe(400)
})
