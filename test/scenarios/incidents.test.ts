import { sql } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { listAbsences } from '../../db/absences/absences.ts'
import { listOpenIncidents } from '../../db/incidents/list-incidents.ts'
import type { Node } from '../../functions/_http/node.ts'
import { audit } from '../../functions/audit.ts'
import { ASOF, type BareNode, drain, openBareNode } from '../_dispatch/bare-node.ts'
import { snapshot } from '../db/temp-db.ts'
import type { BarSource } from '../lab/lab.ts'
import { syntheticBars } from '../lab/synthetic.ts'

const LACKED = '2024-07-02'
const HOUR = 3_600_000
const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `S${String(at).padStart(2, '0')}`)

interface Scene {
  bare: BareNode
  /** Days a vendor lacks at the moment, for which of the symbols. */
  lacks: Record<'alpaca' | 'massive', (symbol: string, dt: string) => boolean>
}

/** Three sessions of as many symbols; what the vendors lack can be changed while the node runs. */
async function scene(
  symbols: number,
  vendors: ('alpaca' | 'massive')[],
  env: Record<string, string> = {},
): Promise<Scene> {
  const universe = names(symbols).map((symbol) => ({ symbol, from: '2010-01-04', to: null }))
  const lacks: Scene['lacks'] = { alpaca: () => false, massive: () => false }
  const bars = (vendor: 'alpaca' | 'massive'): BarSource => {
    const steady = syntheticBars({ seed: 3, universe, vendor })
    return {
      ...steady,
      daily: (symbol, from, to) => steady.daily(symbol, from, to).filter(({ dt }) => !lacks[vendor](symbol, dt)),
    }
  }
  const known = Object.fromEntries(vendors.map((name) => [name, {}]))
  return { bare: await openBareNode({ universe, bars, vendors: known, env }), lacks }
}

/** What the reasons of a day's absences are, and how often. */
async function reasonsOn(node: Node, dt: string): Promise<Record<string, number>> {
  const tally: Record<string, number> = {}
  for (const { reason } of await listAbsences(node.db, 'equities_bars', dt, dt))
    tally[reason] = (tally[reason] ?? 0) + 1
  return tally
}

const openTasks = (node: Node) =>
  node.db.all<{ symbol: string; dt: string; reason: string }>(
    sql`SELECT symbol, dt, reason FROM gap_tasks WHERE state <> 'done' ORDER BY symbol`,
  )

describe('incidents: a session that one vendor lacks for everybody', () => {
  test('is one incident, asked about with a few probes, which clears by itself and gives its tasks back', async () => {
    const { bare, lacks } = await scene(24, ['alpaca'])
    const { node, clock } = bare
    lacks.alpaca = (_symbol, dt) => dt === LACKED
    await audit(node, {})
    await drain(bare)
    expect(await reasonsOn(node, LACKED)).toEqual({ VENDOR_EMPTY_ONCE: 24 })

    expect(await audit(node, {})).toMatchObject({ incidents: 1, cleared: 0, gaps: 0 })
    expect(await reasonsOn(node, LACKED)).toEqual({ VENDOR_OUTAGE: 24 })
    const [incident] = await listOpenIncidents(node.db)
    expect(incident).toMatchObject({ kind: 'vendor_outage', vendor: 'alpaca', dt: LACKED, cells: 24, looks: 0 })
    expect((await openTasks(node)).map(({ reason }) => reason)).toEqual(Array(5).fill('probe'))

    // In vain: the next look comes later, and asks about others.
    await drain(bare)
    const calls = bare.lab.alpaca.stats().calls
    await audit(node, {})
    const [later] = await listOpenIncidents(node.db)
    expect(later).toMatchObject({ looks: 1, nextLookAt: clock.now() + 20 * HOUR })
    expect(later?.probes).not.toEqual(incident?.probes)

    lacks.alpaca = () => false
    await drain(bare)
    expect(bare.lab.alpaca.stats().calls).toBe(calls + 1)
    expect(await audit(node, {})).toMatchObject({ incidents: 0, cleared: 1, gaps: 19, enqueued: 19 })
    expect(await listOpenIncidents(node.db)).toEqual([])
    await drain(bare)
    expect(await reasonsOn(node, LACKED)).toEqual({})
    expect(await audit(node, {})).toMatchObject({ incidents: 0, gaps: 0 })
  })

  test('leaves the tasks that another vendor may still answer, and is over when that has', async () => {
    const { bare, lacks } = await scene(24, ['alpaca', 'massive'])
    const { node } = bare
    lacks.alpaca = (_symbol, dt) => dt === LACKED
    await audit(node, {})
    await drain(bare)
    expect(await reasonsOn(node, LACKED)).toEqual({})
    expect(await audit(node, {})).toMatchObject({ incidents: 0, gaps: 0 })
  })

  test('is no incident where only some symbols lack it, or the universe is too small to tell', async () => {
    const few = await scene(24, ['alpaca'])
    few.lacks.alpaca = (symbol, dt) => dt === LACKED && symbol < 'S11'
    const two = await scene(2, ['alpaca'])
    two.lacks.alpaca = (_symbol, dt) => dt === LACKED
    for (const { bare } of [few, two]) {
      await audit(bare.node, {})
      await drain(bare)
      expect(await audit(bare.node, {})).toMatchObject({ incidents: 0 })
      expect(Object.keys(await reasonsOn(bare.node, LACKED))).toEqual(['VENDOR_EMPTY_ONCE'])
    }
  })

  test('opens once when two audits run at once, and again costs nothing', async () => {
    const { bare, lacks } = await scene(24, ['alpaca'])
    const { node } = bare
    lacks.alpaca = (_symbol, dt) => dt === LACKED
    await audit(node, {})
    await drain(bare)
    await Promise.all([audit(node, {}), audit(node, {})])
    expect(await listOpenIncidents(node.db)).toHaveLength(1)
    expect(await openTasks(node)).toHaveLength(5)
    const before = await snapshot(node.db)
    await audit(node, {})
    expect(await snapshot(node.db)).toEqual(before)
  })

  test('gets its probes from the next audit when the one that opened it was killed before', async () => {
    const { bare, lacks } = await scene(24, ['alpaca'])
    const { node } = bare
    lacks.alpaca = (_symbol, dt) => dt === LACKED
    await audit(node, {})
    await drain(bare)
    await audit(node, {})
    await node.db.write([sql`UPDATE incidents SET probes = '[]'`, sql`DELETE FROM gap_tasks WHERE reason = 'probe'`])
    await audit(node, {})
    expect(await openTasks(node)).toHaveLength(5)
  })

  test('is over when the vendor may not be asked any more, or the day is not expected any more', async () => {
    const { bare, lacks } = await scene(24, ['alpaca'])
    const { node } = bare
    lacks.alpaca = (_symbol, dt) => dt === LACKED
    await audit(node, {})
    await drain(bare)
    await audit(node, {})
    const vendors = node.vendors.splice(0)
    expect(await audit(node, {})).toMatchObject({ cleared: 1 })
    expect(await openTasks(node)).toEqual([])
    node.vendors.push(...vendors)
  })
})

describe('incidents: a session that all vendors lack for everybody', () => {
  test('puts the calendar in doubt, until one probe is filled', async () => {
    const { bare, lacks } = await scene(24, ['alpaca', 'massive'])
    const { node } = bare
    lacks.alpaca = (_symbol, dt) => dt === LACKED
    lacks.massive = lacks.alpaca
    await audit(node, {})
    await drain(bare)
    expect(await reasonsOn(node, LACKED)).toEqual({ VENDORS_AGREE_EMPTY: 24 })
    expect(await audit(node, {})).toMatchObject({ incidents: 1 })
    expect(await reasonsOn(node, LACKED)).toEqual({ CALENDAR_SUSPECT: 24 })
    expect(await listOpenIncidents(node.db)).toMatchObject([{ kind: 'calendar_suspect', vendor: '*', cells: 24 }])
    lacks.massive = () => false
    await drain(bare)
    expect(await audit(node, {})).toMatchObject({ incidents: 0, cleared: 1 })
    await drain(bare)
    expect(await listOpenIncidents(node.db)).toEqual([])
    expect(await reasonsOn(node, LACKED)).toEqual({})
  })

  test('is two outages where another dataset proves that the session took place', async () => {
    const { bare, lacks } = await scene(24, ['alpaca', 'massive'])
    const { node } = bare
    lacks.alpaca = (symbol, dt) => dt === LACKED && symbol !== 'S00'
    lacks.massive = lacks.alpaca
    await audit(node, {})
    await drain(bare)
    await audit(node, {})
    expect((await listOpenIncidents(node.db)).map(({ vendor }) => vendor)).toEqual(['alpaca', 'massive'])
    expect(await reasonsOn(node, LACKED)).toEqual({ VENDOR_OUTAGE: 23 })
  })
})

test('incidents: the newest session is an incident like any other', async () => {
  const { bare, lacks } = await scene(24, ['alpaca'])
  lacks.alpaca = (_symbol, dt) => dt === ASOF
  await audit(bare.node, {})
  await drain(bare)
  expect(await audit(bare.node, {})).toMatchObject({ incidents: 1 })
})
