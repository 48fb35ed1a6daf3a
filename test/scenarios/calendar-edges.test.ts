import { describe, expect, test, vi } from 'vitest'
import { loadConfig } from '../../config/load.ts'
import { CALENDARS, calendarOf } from '../../functions/_calendar/calendar.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { availabilityOf, availableRange } from '../../functions/_catalog/availability.ts'
import {
  expectedPartitions,
  expectedRange,
  expectedRows,
  lookBackFrom,
  monthMasks,
  symbolRanges,
} from '../../functions/_expected/expected.ts'
import { nextWindow, openWindows, windowAt } from '../../functions/_expected/reread-windows.ts'
import { DATASETS } from '../../functions/_market/cell.ts'
import { addDays } from '../../functions/_market/dt.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import { audit } from '../../functions/audit.ts'
import { ingestTick } from '../../functions/ingest-tick.ts'
import { drain, openBareNode } from '../_dispatch/bare-node.ts'

vi.setConfig({ testTimeout: 120_000 })

const config = await loadConfig({ folder: 'config', vendors: CONNECTORS.map(({ name }) => name) })
const xnys = calendarOf('xnys')
/** First and last sessions of each calendar; evenings on which a node may run. */
const edges = (): string[] =>
  Object.values(CALENDARS).flatMap(({ first, last, sessions }) => [
    ...sessions(first, addDays(first, 12)),
    ...sessions(addDays(last, -45), last),
  ])
const evenings = [...xnys.sessions(xnys.first, addDays(xnys.first, 12)), ...xnys.sessions('2030-12-16', '2030-12-31')]

test.each(DATASETS)(
  'calendar edges: what is expected of %s, and when it can be had, is answered on the first and last days',
  (dataset) => {
    const spec = config.datasets[dataset]!
    for (const asof of evenings) {
      const now = instantOf(asof, '20:30')
      for (const depth of [spec.depth, { sessions: 1 }, { sessions: 1_000_000 }, { years: 100 }] as const) {
        const deep = { ...spec, depth }
        expect(expectedRange(deep, asof).fromDt >= calendarOf(spec.calendar).first).toBe(true)
        lookBackFrom(deep, asof)
        symbolRanges(config, deep, asof)
        expectedPartitions(config, deep, asof)
      }
      monthMasks({ ...spec, depth: { sessions: 3 } }, asof)
      openWindows(spec, now)
      for (const dt of edges()) {
        expectedRows(spec, 'AAPL', dt >= calendarOf(spec.calendar).first ? dt : asof)
        windowAt(spec, dt, now)
        nextWindow(spec, dt, now)
        for (const { datasets } of Object.values(config.vendors)) {
          const terms = datasets[dataset]
          if (!terms) continue
          for (const recency of [terms.recency, { sessions: 2, at: '12:00' }] as const) {
            availableRange({ ...terms, recency }, spec, now)
            availabilityOf({ ...terms, recency }, spec, dt, now)
          }
        }
      }
    }
  },
)

describe.each(['1990-01-02', '1990-01-04', '2030-12-27', '2030-12-31'])(
  'calendar edges: a node whose evening is %s',
  (asof) => {
    test('ticks, audits and dispatches every dataset', async () => {
      const all = Object.fromEntries(DATASETS.map((dataset) => [dataset, { depth: { sessions: 3 } }]))
      const bare = await openBareNode({
        asof,
        universe: [{ symbol: 'AAPL', from: '1985-01-02', to: null }],
        datasets: { ...all, equities_bars_minute: { depth: { sessions: 2 } } },
        vendors: { alpaca: {}, massive: {}, fred: {} },
      })
      expect(await ingestTick(bare.node, {})).toMatchObject({ asof })
      expect(await audit(bare.node, {})).toMatchObject({ asof })
      await drain(bare, 60_000)
      expect(bare.log.filter((line) => /_failed/.test(line)).filter((line) => !/calendar_check/.test(line))).toEqual([])
    })
  },
)
