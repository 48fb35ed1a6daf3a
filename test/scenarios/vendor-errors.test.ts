import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import type { DatasetName } from '../../functions/_market/cell.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import type { CallPlan, PlanTerms } from '../../functions/_vendors/vendor.ts'
import { headOf, termsOf } from '../_vendors/contract.ts'
import { NOW, type Reply, type ScriptedVendor, scriptedVendor } from '../_vendors/scripted-vendor.ts'

interface ErrorRow {
  when: string
  status: number
  contentType?: string
  body: string | object
  fault: string
  says?: string
  /** Requests it takes to believe the refusal, where that is more than one: another way in is tried first. */
  calls?: Partial<Record<DatasetName, number>>
}

let vendor: ScriptedVendor | undefined
afterEach(async () => vendor?.close())

const replyOf = ({ status, contentType, body }: ErrorRow): Reply =>
  contentType === undefined ? { status, body } : { status, contentType, body }

for (const connector of CONNECTORS) {
  const file = new URL(`../_vendors/fixtures/${connector.name}/errors.json`, import.meta.url)
  const table: ErrorRow[] = JSON.parse(readFileSync(file, 'utf8'))
  describe.each(connector.datasets)(`what ${connector.name} says when it refuses %s`, (dataset) => {
    it.each(table)('$when ($status) is $fault', async (row) => {
      vendor = await scriptedVendor(() => replyOf(row))
      const terms: PlanTerms = termsOf(dataset, NOW)
      const plan: CallPlan = connector.plan(headOf(dataset), [], terms)
      const answer = await connector.ask(plan, terms, vendor.get(connector))
      expect(answer.interruption?.fault).toBe(row.fault)
      expect(answer.interruption?.vendor).toBe(connector.name)
      if (row.status !== 200) expect(answer.interruption?.status).toBe(row.status)
      if (row.says !== undefined) expect(answer.interruption?.message).toContain(row.says)
      expect(answer.complete.size + answer.faults.size + answer.rows.size).toBe(0)
      expect(answer.calls).toBe(row.calls?.[dataset] ?? 1)
    })
  })
}
