import { expect, onTestFinished, test } from 'vitest'
import { almanac, CONFIG, serveAlmanac, without } from '../_audit/almanac.ts'
import type { ScriptedVendor } from '../_vendors/scripted-vendor.ts'
import { ASOF, EVENING, smallNode, type TestNode } from '../test-node.ts'

/** A started node that also has the almanac. */
async function startWith(node: TestNode, vendor: ScriptedVendor): Promise<void> {
  const { vendors } = (await node.start()).node
  const connector = almanac()
  vendors.push({ name: 'almanac', config: CONFIG, connector, missing: [], get: () => vendor.get(connector) })
}

interface ShownCheck {
  vendor: string
}
const shownBy = async (node: TestNode): Promise<object[]> => {
  const { body } = await node.get('/status')
  return (body.calendar as ShownCheck[]).filter(({ vendor }) => vendor === 'almanac')
}

test('calendar comparison: the audit asks, the status shows, and a restart asks nothing again', async () => {
  const { vendor, answers } = await serveAlmanac(without('2025-07-09'))
  const node = await smallNode()
  onTestFinished(() => node.remove())
  await startWith(node, vendor)
  expect(await shownBy(node)).toEqual([])
  const first = await node.post('/audit')
  expect(first).toMatchObject({ status: 200, body: { ok: true, asof: ASOF } })
  const shown = {
    vendor: 'almanac',
    asof: ASOF,
    checkedAt: new Date(EVENING).toISOString(),
    from: '2024-06-03',
    to: '2026-07-13',
    days: 771,
    differences: 1,
    first: [{ dt: '2025-07-09', ours: ['2025-07-09T13:30:00.000Z', '2025-07-09T20:00:00.000Z'], theirs: null }],
  }
  expect(await shownBy(node)).toEqual([shown])
  expect(node.lines.some((line) => line.includes('audit.calendar_differs') && line.includes('almanac'))).toBe(true)

  const before = await node.databaseText()
  await node.post('/audit')
  expect(await node.databaseText()).toBe(before)
  await node.stop()
  await startWith(node, vendor)
  answers({ status: 500, body: {} })
  await node.post('/audit')
  expect(vendor.asked).toHaveLength(1)
  expect(await shownBy(node)).toEqual([shown])
})

test('calendar comparison: an audit whose vendor answers nonsense does the rest of its work, and the status says what happened', async () => {
  const { vendor } = await serveAlmanac({ body: { calendar: 'none' } })
  const node = await smallNode()
  onTestFinished(() => node.remove())
  await startWith(node, vendor)
  const { status, body } = await node.post('/audit')
  expect(status).toBe(200)
  expect(body.enqueued).toBeGreaterThan(0)
  expect(await shownBy(node)).toMatchObject([
    { days: 0, differences: 0, first: [], error: expect.stringContaining('another shape') },
  ])
})

test('calendar comparison: Alpaca as the lab plays it agrees with us, and costs one call of its trading host however often one audits', async () => {
  const node = await smallNode()
  onTestFinished(() => node.remove())
  await node.start()
  for (let turns = 0; turns < 3; turns++) await node.post('/audit')
  expect(node.asked()).toBe(1)
  expect((await node.get('/status')).body.calendar).toEqual([
    expect.objectContaining({ vendor: 'alpaca', asof: ASOF, days: 771, differences: 0, first: [] }),
  ])
})
