import { expect, test } from 'vitest'
import type { Forecast } from '../../functions/_forecast/forecast.ts'
import { outlookOf, recentOutlook } from '../../functions/_forecast/outlook.ts'
import { audit } from '../../functions/audit.ts'
import { EVENING, openBareNode } from '../_dispatch/bare-node.ts'

const NOW = 1_700_000_000_000
const HOUR = 3_600_000
const vendors = [{ vendor: 'alpaca', cells: 10, calls: 7, busyUntil: null }]
const none = { emptyAt: null, earliest: null, latest: null, vendors: [] }
const datasets: Forecast['datasets'] = [
  { ...none, dataset: 'equities_bars', open: 10, nobody: { GIVEN_UP: 1, NOT_ENTITLED: 3 } },
  { ...none, dataset: 'macro_treasury', open: 5, nobody: {} },
]
const common = { datasets, vendors, calls: 7, bytes: 12_340_000_000 }

test('outlook: says cells, calls by vendor, hours, nights and gigabytes', () => {
  const foreseen = { ...common, emptyAt: NOW + 20 * HOUR, earliest: NOW + 15.004 * HOUR, latest: NOW + 30 * HOUR }
  expect(outlookOf(foreseen, NOW)).toEqual({
    cells: 15,
    unserved: 4,
    calls: 7,
    hours: { least: 15, most: 30 },
    nights: 2,
    gigabytes: 12.34,
    vendors: { alpaca: 7 },
  })
})

test('outlook: gives no hours where no end is foreseen', () => {
  expect(outlookOf({ ...common, emptyAt: null, earliest: null, latest: null }, NOW)).toMatchObject({
    hours: null,
    nights: null,
  })
})

test('outlook: is counted once a minute, however often it is asked for', async () => {
  const { node, clock } = await openBareNode()
  const first = await recentOutlook(node)
  expect(first.calls).toBeGreaterThan(0)
  await audit(node, { at: EVENING })
  expect(await recentOutlook(node)).toBe(first)
  await clock.sleep(60_000)
  expect(await recentOutlook(node)).not.toBe(first)
})
