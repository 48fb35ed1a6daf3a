import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestNode, type TestNode } from '../test-node.ts'

let node: TestNode
let page: string
let paths: Record<string, Record<string, { summary: string; requestBody?: unknown }>>
beforeAll(async () => {
  node = await startTestNode()
  const ask = (path: string): Promise<Response> => fetch(`${node.running().address}${path}`)
  paths = ((await (await ask('/openapi.json')).json()) as { paths: typeof paths }).paths
  page = await (await ask('/api')).text()
})
afterAll(() => node.remove())

test('api page: every operation of the document is on it, with a call to copy', () => {
  const text = page.replaceAll('&#39;', "'").replaceAll('&quot;', '"').replaceAll('&amp;', '&')
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { summary }] of Object.entries(methods)) {
      expect(page).toContain(`>${method.toUpperCase()} ${path}</h2>`)
      expect(text).toContain(summary)
    }
  }
  expect(text).toContain(`curl 'localhost:8080/why/equities_bars/AAPL/2025-07-08'`)
  expect(text).toMatch(/curl -X POST 'localhost:8080\/hold' -d '\{"dataset":"equities_bars","symbol":"AAPL"/)
})

test('api page: a field says what it takes, and whether it is needed', () => {
  expect(page).toMatch(/<code>reason<\/code> \(needed\)<\/th><td[^>]*>text of at most 500 characters/)
  expect(page).toContain('queued, leased or stalled')
  expect(page).toContain('day (YYYY-MM-DD)')
})
