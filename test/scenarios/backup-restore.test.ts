/** A node is backed up while it runs, lost, and restored on an empty disk: what comes after is what would have come without the loss. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { backup } from '../../functions/_backup/backup.ts'
import { type Restored, restore } from '../../functions/_backup/restore.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { virtualClock } from '../../functions/_runtime/clock.ts'
import { ASOF, EVENING, startTestNode, type TestNode } from '../test-node.ts'

// Whole nodes and nights are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const NEXT = '2025-07-09'

let node: TestNode
afterEach(() => node.remove())

const target = (): string => join(node.root, 'backup-disk')
const data = (): string => node.env.DATA_ROOT as string
const exports = (): string => node.env.EXPORT_ROOT as string

async function backUp(): Promise<Record<string, unknown>> {
  for (;;) {
    const { status, body } = await node.post('/backup', { to: target() })
    expect(body, JSON.stringify(body)).toMatchObject({ ok: true })
    expect(status).toBe(200)
    if (body.more !== true) return body
  }
}

async function restoreAll(root = data()): Promise<Restored> {
  const steps = restore({ from: target(), root, now: () => 0 })
  for (;;) {
    const { done, value } = await steps.next()
    if (done) return value
  }
}

const digestOf = async (asof: string): Promise<unknown> => {
  const { body } = await node.get('/status')
  return (body.exports as { asof: string; digest: string }[]).find((one) => one.asof === asof)?.digest
}

/** A clock that can be set back to where another run of the same evening began. */
function settableClock(start: number) {
  let inner = virtualClock(start)
  return {
    clock: {
      now: () => inner.now(),
      elapsed: () => inner.elapsed(),
      sleep: (ms: number, signal?: AbortSignal) => inner.sleep(ms, signal),
    },
    set: (instant: number) => {
      inner = virtualClock(instant)
    },
  }
}

test('backup: a node that is lost and restored makes the next bundle with the digest of one that was never lost', async () => {
  const { clock, set } = settableClock(EVENING)
  node = await startTestNode({ clock })
  await node.night()
  expect(await backUp()).toMatchObject({ more: false, damagedFiles: 0 })
  const evening = async (): Promise<unknown> => {
    await node.stop()
    set(instantOf(NEXT, '20:30'))
    await node.start()
    const endings = await node.running().invoker.play('night', instantOf(NEXT, '20:30'))
    expect(endings.filter(({ ok }) => !ok)).toEqual([])
    return await digestOf(NEXT)
  }
  const expected = await evening()
  expect(expected).toMatch(/^[0-9a-f]{64}$/)
  const sums = await readFile(join(exports(), 'nightly', NEXT, 'SHA256SUMS'), 'utf8')

  await node.stop()
  await rm(data(), { recursive: true })
  await rm(exports(), { recursive: true })
  const restored = await restoreAll()
  expect(restored).toMatchObject({ lost: [], hasDatabase: true, kept: 0, bundle: { asof: ASOF } })
  await node.start()
  // What the lost node asked after the backup is not known: nothing is left to spend at once.
  const { vendors } = (await node.get('/status')).body as {
    vendors: { callsThisMinute: number; callsPerMinute: number }[]
  }
  for (const { callsThisMinute, callsPerMinute } of vendors)
    expect(callsThisMinute).toBeGreaterThanOrEqual(callsPerMinute)
  expect(await node.post('/export', { asof: restored.bundle?.asof, at: restored.bundle?.generated_at })).toMatchObject({
    body: { ok: true, more: false, complete: true },
  })
  expect(await evening()).toBe(expected)
  expect(await readFile(join(exports(), 'nightly', NEXT, 'SHA256SUMS'), 'utf8')).toBe(sums)
})

/** The evening of the next session: its rows come, from every vendor that has them. */
async function collectNext(): Promise<void> {
  await node.clock.sleep(instantOf(NEXT, '20:30') - node.clock.now())
  await node.steps('ingest-tick', 'audit', 'dispatch-one-task')
}

/** A backup with the evening of the next session after so many of its steps. Returns how many there were. */
async function backUpAround(evening: number): Promise<number> {
  const { db, lake, log, now } = node.running().node
  const steps = backup({
    folder: target(),
    lake,
    db,
    configFiles: [],
    keep: { daily: 14, weekly: 8, monthly: 24 },
    acceptNew: false,
    version: 'test',
    missingMount: async () => null,
    now,
    log,
  })
  for (let step = 0; ; step++) {
    if (step === evening) await collectNext()
    const { done, value } = await steps.next()
    if (done) return step
    if (value.place.startsWith('contents')) return step
  }
}

/** Everything that a deep look finds, but for curated files: those are made anew. */
async function faults(): Promise<unknown[]> {
  const found: unknown[] = []
  for (let cursor: unknown = null; ; ) {
    const { body } = await node.post('/verify', { mode: 'deep', cursor })
    const { findings, failures } = body as { findings: { kind: string }[]; failures: unknown[] }
    found.push(...findings.filter(({ kind }) => kind !== 'curated-file-gone'), ...failures)
    cursor = body.cursor
    if (cursor === null) return found
  }
}

describe('backup: of a node that writes meanwhile', () => {
  test.each([1, 6, 7, 9])('answers kept after %i steps leave a backup that knows no file it lacks', async (evening) => {
    node = await startTestNode()
    await node.night()
    expect(await backUpAround(evening)).toBeGreaterThanOrEqual(evening)
    await node.stop()
    await rm(data(), { recursive: true })
    await rm(exports(), { recursive: true })
    expect(await restoreAll()).toMatchObject({ lost: [], hasDatabase: true })
    await node.start()
    expect(await faults()).toEqual([])
  })
})
