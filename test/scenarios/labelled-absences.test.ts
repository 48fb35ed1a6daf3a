import { describe, expect, test, vi } from 'vitest'
import { listCoverage } from '../../db/coverage/list-coverage.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { datasetsOf } from '../../functions/_catalog/catalog.ts'
import { asofAt, symbolRanges } from '../../functions/_expected/expected.ts'
import type { Node } from '../../functions/_http/node.ts'
import { DatasetName } from '../../functions/_market/cell.ts'
import { type Dt, dayBit, monthOf } from '../../functions/_market/dt.ts'
import { audit } from '../../functions/audit.ts'
import { explanationOf } from '../../functions/why/explanation.ts'
import { type BareNode, drain, openBareNode } from '../_dispatch/bare-node.ts'
import { LABELLED, type Labelled } from './absence-labels.ts'
import { WORLDS, type World } from './policy-scenarios.ts'

// Whole nodes and nights are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const DAY_MS = 86_400_000

test('labelled absences: there are at least sixty labelled cells, each in a world of its own', () => {
  expect(LABELLED.length).toBeGreaterThanOrEqual(60)
  expect(new Set(LABELLED.map(({ line }) => line)).size).toBe(LABELLED.length)
  expect([...new Set(LABELLED.map(({ world }) => world))].sort()).toEqual(Object.keys(WORLDS).sort())
})

describe.each(Object.entries(WORLDS))('labelled absences: %s', (name, world) => {
  test('every labelled cell gets its reason, and no expected cell is a false gap', async () => {
    const bare = await lived(world)
    const wrong: string[] = []
    for (const cell of LABELLED.filter((one) => one.world === name)) {
      const said = await labelOf(bare.node, cell)
      if (said !== cell.label) wrong.push(`${cell.line}   <- the node says: ${said}`)
    }
    expect(wrong).toEqual([])
    expect(await falseOf(bare.node, world)).toEqual([])
  })
})

/** The world's evenings, each an audit and all that can be asked after it. */
async function lived({ terms, evenings, isDispatched }: World): Promise<BareNode> {
  const bare = await openBareNode(terms)
  for (let evening = 0; evening < evenings; evening++) {
    if (evening > 0) await bare.clock.sleep(DAY_MS / 2)
    await audit(bare.node, {})
    // What has to wait longer is for another evening.
    if (isDispatched) await drain(bare, DAY_MS / 2)
  }
  return bare
}

async function labelOf(node: Node, { dataset, symbol, dt }: Labelled): Promise<string> {
  const name = DatasetName.parse(dataset)
  const cell = { dataset: name, spec: node.config.datasets[name]!, symbol, dt }
  try {
    const { expected, coverage, absence } = await explanationOf(node, cell)
    if (!expected.isExpected) return `not expected: ${expected.why}`
    if (coverage.present) return 'present'
    return absence?.reason ?? 'gap'
  } catch (error) {
    if (error instanceof Error && /^no symbol/.test(error.message)) return 'not expected: unknown_symbol'
    throw error
  }
}

/** Over all expected cells: those that are missing although a vendor has them, present although none has, or missing without a reason. */
async function falseOf(node: Node, { lacks, isDispatched }: World): Promise<string[]> {
  const wrong: string[] = []
  const asof = asofAt(node.now())
  for (const { dataset, spec } of datasetsOf(node.config)) {
    const months = await listCoverage(node.db, dataset, '0000-00', '9999-99')
    const known = new Map(months.map((row) => [`${row.symbol} ${row.month}`, row]))
    for (const { symbol, fromDt, toDt } of symbolRanges(node.config, spec, asof)) {
      for (const dt of calendarOf(spec.calendar).sessions(fromDt, toDt)) {
        const isPresent = ((known.get(`${symbol} ${monthOf(dt)}`)?.present ?? 0) & dayBit(dt)) !== 0
        if (isPresent === lacks(dataset, symbol, dt)) wrong.push(`${dataset} ${symbol} ${dt} is present: ${isPresent}`)
        if (isPresent || !isDispatched) continue
        const said = await labelOf(node, { dataset, symbol, dt } as Labelled & { dt: Dt })
        if (said === 'gap') wrong.push(`${dataset} ${symbol} ${dt} is missing without a reason`)
      }
    }
  }
  return wrong
}
