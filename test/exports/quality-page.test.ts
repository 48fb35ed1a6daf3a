import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestNode, type TestNode } from '../test-node.ts'

let node: TestNode
beforeAll(async () => {
  node = await startTestNode()
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
})
