import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestNode, type TestNode } from '../test-node.ts'
import { type Check, checkOf, type Documented, type OpenApi, operationsOf } from './documented.ts'
import { requestsOf } from './requests.ts'

let node: TestNode
let routes: Documented[]
let check: Check
beforeAll(async () => {
  node = await startTestNode()
  await node.night()
  const document = (await (await fetch(`${node.running().address}/openapi.json`)).json()) as OpenApi
  routes = operationsOf(document)
  check = checkOf(document)
})
afterAll(() => node.remove())

const REQUESTS = 300

/** What can be asked in many ways is asked more often. */
const runsOf = ({ method, operation }: Documented): number =>
  method === 'POST' ? 6 : (operation.parameters ?? []).length > 0 ? 14 : 3

test('OpenAPI: 300 requests with valid and broken values get an answer that the document has, and none fails', async () => {
  const seen = new Map<number, number>()
  for (const route of routes) {
    const answers = fc.asyncProperty(requestsOf(route), async ({ path, body }) => {
      const url = `${node.running().address}${path}`
      const answer = await fetch(url, { redirect: 'manual', ...(body === undefined ? {} : { method: 'POST', body }) })
      expect(answer.status, `${route.method} ${path} ${body ?? ''}`).toBeLessThan(500)
      // An empty or climbing part of a path leads to another route, or to none: then only the shape of the refusal counts.
      await check(reached(route, url), answer)
      seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1)
    })
    await fc.assert(answers, { numRuns: runsOf(route), seed: 20250708 })
  }
  const all = [...seen.values()].reduce((sum, times) => sum + times, 0)
  expect(all).toBeGreaterThanOrEqual(REQUESTS)
  // Neither only what the schemas refuse, nor only what goes well.
  expect(seen.get(200)).toBeGreaterThan(REQUESTS / 5)
  expect(seen.get(400)).toBeGreaterThan(REQUESTS / 5)
}, 120_000)

/** The route that a URL leads to once its dots are gone; for none, one whose answers may be any refusal. */
function reached(asked: Documented, url: string): Documented {
  const { pathname } = new URL(url)
  const leadsTo = ({ path }: Documented): boolean =>
    new RegExp(
      `^${path
        .replaceAll('.', '\\.')
        .replace('{path}', '.*')
        .replaceAll(/\{\w+\}/g, '[^/]+')}$`,
    ).test(pathname)
  const found = routes.find((one) => one.method === asked.method && leadsTo(one))
  return found ?? { ...asked, operation: { ...asked.operation, responses: { 404: asked.operation.responses[500]! } } }
}
