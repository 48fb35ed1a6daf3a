import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  appendDecisions,
  badDecisionsText,
  type Decision,
  readDecisions,
} from '../../functions/_decisions/decisions.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { decisionsFile } from '../../functions/_lake/paths.ts'
import { cellKey } from '../../functions/_market/cell.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'decisions-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const BARS = 'equities_bars'
const of = (symbol: string, decision: Decision['decision'], more: Partial<Decision> = {}): Decision => ({
  dataset: BARS,
  symbol,
  dt: '2025-07-02',
  decision,
  reason: 'a sentence',
  digest: null,
  at: '2025-07-09T00:30:00.000Z',
  ...more,
})
const append = (...decisions: Decision[]): Promise<Decision[]> => appendDecisions({ root } as Lake, decisions)
const read = async (symbol: string): Promise<Decision | undefined> =>
  (await readDecisions(root)).byDataset.get(BARS)?.get(cellKey(symbol, '2025-07-02'))

test('decisions: a root without any has none, and nothing is written for nothing', async () => {
  expect(await readDecisions(root)).toEqual({ byDataset: new Map(), bad: [] })
  expect(await append(of('AAPL', 'none'))).toEqual([])
})

test('decisions: the last one of a cell counts, and what is decided already is not written twice', async () => {
  expect(await append(of('AAPL', 'hold'), of('MSFT', 'hold'))).toHaveLength(2)
  expect(await append(of('AAPL', 'hold', { reason: 'another sentence' }))).toEqual([])
  expect(await append(of('AAPL', 'release', { digest: 'a'.repeat(32) }))).toHaveLength(1)
  expect(await append(of('AAPL', 'release', { digest: 'b'.repeat(32) }))).toHaveLength(1)
  expect(await read('AAPL')).toMatchObject({ decision: 'release', digest: 'b'.repeat(32) })
  await append(of('AAPL', 'none'))
  expect(await read('AAPL')).toBe(undefined)
  expect(await read('MSFT')).toMatchObject({ decision: 'hold' })
})

test('decisions: calls at once lose nothing', async () => {
  await Promise.all(Array.from({ length: 20 }, (_, at) => append(of(`S${at}`, 'hold'))))
  expect((await readDecisions(root)).byDataset.get(BARS)?.size).toBe(20)
})

test('decisions: a line that a power cut left half is not there, and the next one does not stick to it', async () => {
  await append(of('AAPL', 'hold'))
  await append(of('MSFT', 'hold'))
  const whole = await readFile(decisionsFile(root))
  await truncate(decisionsFile(root), whole.length - 10)
  expect(await read('MSFT')).toBe(undefined)
  await append(of('SPY', 'hold'))
  expect(await read('AAPL')).toMatchObject({ decision: 'hold' })
  expect(await read('SPY')).toMatchObject({ decision: 'hold' })
  expect((await readDecisions(root)).bad).toEqual([])
})

test('decisions: a damaged line is named, and hides no other', async () => {
  await append(of('AAPL', 'hold'))
  await append(of('MSFT', 'hold'))
  const text = await readFile(decisionsFile(root), 'utf8')
  await writeFile(decisionsFile(root), text.replace('AAPL', 'AAPM'))
  await appendFile(decisionsFile(root), 'not a line\n')
  expect(await read('AAPL')).toBe(undefined)
  expect(await read('AAPM')).toBe(undefined)
  expect(await read('MSFT')).toMatchObject({ decision: 'hold' })
  const decisions = await readDecisions(root)
  expect(decisions.bad).toHaveLength(2)
  expect(badDecisionsText(root, decisions)).toMatch(/^2 lines of qc\/decisions\.jsonl .* first at byte 0 .*checksum/)
})
