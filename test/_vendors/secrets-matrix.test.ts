import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import { makeGet } from '../../functions/_vendors/http.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import { type Answer, type CallPlan, type Connector, type Get, VendorError } from '../../functions/_vendors/vendor.ts'
import { syntheticActions } from '../lab/action-source.ts'
import { type FaultMode, type Lab, type LabVendorName, startLab } from '../lab/lab.ts'
import { syntheticBars, syntheticYields } from '../lab/synthetic.ts'
import { syntheticOptions } from '../lab/synthetic-options.ts'
import { expectSoundAnswer, headOf, termsOf } from './contract.ts'
import { allow, CANARIES, type GetMore, NOW, type Reply, type Script, scriptedVendor } from './scripted-vendor.ts'

const DAYS = calendarOf('xnys').sessions('2024-06-03', '2024-06-07')
const CASES = CONNECTORS.flatMap((connector) =>
  connector.datasets.map((dataset) => ({ name: connector.name, connector, dataset })),
)
/** Enough of a key to know it by: a sample may be cut in the middle of one. */
const PARTS = Object.values(CANARIES).map((secret) => secret.slice(0, 12))

const escapes = /(?:%[0-9a-f]{2})+/gi
const unescaped = (text: string): string =>
  text.replaceAll(escapes, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('latin1'))
const unquoted = (text: string): string =>
  text.replaceAll(/\\u([0-9a-f]{4})/gi, (_all, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
/** Whatever a run of letters says when it is read as base64, wherever in a group of four it begins. */
const decoded = (text: string): string[] =>
  (text.match(/[\w+/-]{12,}/g) ?? []).flatMap((run) =>
    [0, 1, 2, 3].map((skipped) => Buffer.from(run.slice(skipped), 'base64').toString('latin1')),
  )

/** The canaries a text tells to a person who tries: as they are, percent-encoded once or twice, escaped in JSON, in base64. */
function canariesIn(text: string): string[] {
  const readings = [text, unescaped(text), unescaped(unescaped(text)), unquoted(text)]
  const all = [...readings, ...readings.flatMap(decoded)].join('\n')
  return PARTS.filter((part) => all.includes(part))
}

/** Every field of a value, hidden ones, keys of maps, stacks and causes included. */
function shownOf(value: unknown): string {
  const open = (_key: string, one: unknown): unknown => {
    if (one instanceof Map || one instanceof Set) return [...one]
    if (one instanceof Error) return Object.fromEntries(Object.getOwnPropertyNames(one).map((name) => [name, read(one, name)]))
    return one
  }
  const whole = { depth: null, showHidden: true, maxStringLength: null, maxArrayLength: null } as const
  return `${JSON.stringify(value, open)}\n${inspect(value, whole)}`
}

const read = (from: object, name: string): unknown => Object.entries(Object.getOwnPropertyDescriptors(from)).find(([key]) => key === name)?.[1].value

const expectSilent = (value: unknown): void => expect(canariesIn(shownOf(value))).toEqual([])

/** Asks a dataset for a week, and the vendor's calendar where it has one. */
async function askAll(connector: Connector, dataset: DatasetName, get: Get): Promise<{ answer: Answer; plan: CallPlan }> {
  const terms = termsOf(dataset, NOW, { rowsPerPage: 50 })
  const [head, ...others] = DAYS.map((dt) => headOf(dataset, dt))
  if (head === undefined) throw new Error('a week without days')
  const plan = connector.plan(head, others, terms)
  expectSilent(plan)
  const answer = await connector.ask(plan, terms, get)
  expectSoundAnswer(answer, plan)
  expectSilent(answer)
  for (const error of [answer.interruption, ...answer.faults.values()]) if (error) expectSilent([error.message, error.sample, error.stack, error.cause])
  expectSilent(await connector.sessions?.(DAYS[0]!, DAYS.at(-1)!, get))
  return { answer, plan }
}
