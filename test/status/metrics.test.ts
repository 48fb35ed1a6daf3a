import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { startTestNode, type TestNode } from '../test-node.ts'

const FULL = 'full-token-0123456789'
const READ = 'read-token-0123456789'

let node: TestNode
beforeAll(async () => {
  node = await startTestNode({ env: { DATA_NODE_TOKEN: FULL, DATA_NODE_READ_TOKEN: READ } })
  await node.night()
})
afterAll(() => node.remove())

const ask = (token?: string): Promise<Response> =>
  fetch(`${node.running().address}/metrics`, token ? { headers: { authorization: `Bearer ${token}` } } : {})

/** The exposition once everything has been counted, as values by name and labels. */
async function scrape(): Promise<{ text: string; values: Map<string, number> }> {
  for (let tries = 0; tries < 200; tries++) {
    const text = await (await ask(READ)).text()
    if (!text.includes('data_node_coverage_cells{') || !text.includes('data_node_queue_wait_seconds{')) continue
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    return {
      text,
      values: new Map(
        lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
      ),
    }
  }
  throw new Error('expected the counts within 200 requests')
}

test('metrics: the read token reads them, nobody without one', async () => {
  const answer = await ask(READ)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  expect((await ask()).status).toBe(401)
})

test('metrics: tell what the node has, did and may spend', async () => {
  const { text, values } = await scrape()
  expect(values.get('data_node_coverage_cells{dataset="equities_bars",state="present"}')).toBe(12)
  expect(values.get('data_node_vendor_cells_last_day{vendor="alpaca",outcome="filled"}')).toBe(12)
  expect(values.get('data_node_vendor_calls_last_day{vendor="alpaca"}')).toBeGreaterThan(0)
  expect(values.get('data_node_chain_ok{chain="night"}')).toBe(1)
  expect(values.get('data_node_bundle_complete')).toBe(1)
  expect(values.get('data_node_down')).toBe(0)
  expect(values.get('data_node_qc_cells{dataset="equities_bars",status="RED"}')).toBe(0)
  expect(values.get('data_node_disk_free_bytes')).toBeGreaterThan(0)
  expect([...values.values()].some(Number.isNaN)).toBe(false)
  for (const secret of [FULL, READ]) expect(text).not.toContain(secret)
})

test('metrics: what is over is not shown any more, also when two ask at once', async () => {
  const { health } = node.running().node
  let isWrong = true
  health.add(() => (isWrong ? [{ code: 'disk_low', what: 'full', todo: 'free', isDown: true }] : []))
  for (const { values } of await Promise.all([scrape(), scrape(), scrape()])) {
    expect(values.get('data_node_health_reasons{code="disk_low"}')).toBe(1)
    expect(values.get('data_node_down')).toBe(1)
  }
  isWrong = false
  const { values } = await scrape()
  expect(values.has('data_node_health_reasons{code="disk_low"}')).toBe(false)
  expect(values.get('data_node_down')).toBe(0)
})

test('metrics: the dashboard and the alert rules name only figures that exist', async () => {
  const { text } = await scrape()
  const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!))
  const dashboard = JSON.parse(readFileSync('config/grafana-dashboard.json', 'utf8')) as {
    panels: { type: string; targets?: { expr: string }[] }[]
  }
  const { groups } = parse(readFileSync('config/alert-rules.yaml', 'utf8')) as {
    groups: { rules: { expr: string }[] }[]
  }
  const shown = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  const alerts = groups.flatMap(({ rules }) => rules.map(({ expr }) => expr))
  expect(shown.length).toBeGreaterThan(15)
  expect(alerts.length).toBeGreaterThan(5)
  const named = [...shown, ...alerts].map((expr) => ({ expr, names: expr.match(/\bdata_node_\w+/g) ?? [] }))
  expect(named.filter(({ names }) => names.length === 0)).toEqual([])
  expect(named.flatMap(({ names }) => names).filter((name) => !known.has(name))).toEqual([])
})
