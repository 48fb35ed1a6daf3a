import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createClient } from '@libsql/client'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/libsql'
import { migrate } from 'drizzle-orm/libsql/migrator'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { progressBar } from '../../functions/_cli/progress-bar.ts'
import { refuseWhileClosed } from '../../functions/_http/write-gate.ts'
import type { Check, ContextWithDb } from '../../functions/verify/check.ts'
import { CHECKS } from '../../functions/verify/checks/index.ts'
import { isRootInUse, RootInUse, withDeadRoot } from '../../functions/verify/dead-root.ts'
import { addSlice, exitCodeOf, reportText } from '../../functions/verify/report.ts'
import { runSlices } from '../../functions/verify/run.ts'
import { nothingVerified, type Verified, verify } from '../../functions/verify/verify.ts'
import { startTestNode, type TestNode } from '../test-node.ts'
import { deadRootOf, expectVerified, verifyRoot } from './verify-root.ts'

let node: TestNode

beforeAll(async () => {
  node = await startTestNode()
  await node.night()
}, 120_000)
afterAll(() => node.remove())

describe('verify: the list of checks', () => {
  test('has every file of its folder', () => {
    const files = readdirSync('functions/verify/checks').filter((name) => name !== 'index.ts')
    expect(CHECKS.map(({ id }) => `${id}.ts`).sort()).toEqual(files.sort())
  })

  test('gives each kind of finding one name', () => {
    const kinds = CHECKS.flatMap((check) => Object.keys(check.kinds))
    expect(kinds.filter((kind, at) => kinds.indexOf(kind) !== at)).toEqual([])
  })
})

describe('verify: POST /verify of a running node', () => {
  const all = async (mode: string): Promise<Verified[]> => {
    const slices: Verified[] = []
    for (let cursor: string | null = null, more = true; more; ) {
      const { status, body } = await node.post('/verify', { mode, cursor })
      expect(status).toBe(200)
      slices.push(body as unknown as Verified)
      cursor = body.cursor as string | null
      more = body.more as boolean
      expect(more).toBe(cursor !== null)
    }
    return slices
  }

  test.each(['fast', 'exact', 'deep'])('finds nothing wrong after a night (%s)', async (mode) => {
    const slices = await all(mode)
    expect(slices.flatMap(({ findings, failures }) => [...findings, ...failures])).toEqual([])
    expect(slices.reduce((sum, { checked }) => sum + checked, 0)).toBeGreaterThan(20)
    expect(slices.at(-1)?.done).toBe(slices.at(-1)?.places)
  })

  test('refuses a cursor that it did not give out', async () => {
    for (const cursor of ['nonsense', 'no-check place', '']) {
      const { status, body } = await node.post('/verify', { cursor })
      expect(status).toBe(400)
      expect(body.error).toMatch(/cursor/)
    }
  })

  test('changes nothing', async () => {
    const before = await node.databaseText()
    await all('deep')
    expect(await node.databaseText()).toBe(before)
  })

  test('is answered also while nothing may be written', async () => {
    const reason = { code: 'clock_doubtful', what: 'the clock is wrong', todo: 'set it' } as const
    const app = new Hono()
    app.use(refuseWhileClosed({ gate: { objection: async () => reason }, now: () => 0 }))
    app.post('/:name', (c) => c.text('done'))
    expect((await app.request('/verify', { method: 'POST' })).status).toBe(200)
    expect((await app.request('/audit', { method: 'POST' })).status).toBe(503)
  })

  test('its root is not read behind its back', async () => {
    const terms = await deadRootOf(node.root)
    expect(await isRootInUse(terms.root)).toBe(true)
    let isRead = false
    const work = async (): Promise<void> => {
      isRead = true
    }
    await expect(withDeadRoot(terms, work)).rejects.toThrow(RootInUse)
    expect(isRead).toBe(false)
  })
})

describe('verify: a root on which no node works', () => {
  /** Every name below a folder with its size, time and bytes. */
  const stateOf = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .map((entry) => {
        const path = join(entry.parentPath, entry.name)
        const { mtimeMs, mode } = statSync(path)
        const bytes = entry.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : ''
        return `${path} ${mtimeMs} ${mode} ${bytes}`
      })
      .sort()

  test('is left as it is, also when a killed node left a write-ahead log', async () => {
    // What a node leaves that is killed now.
    const root = await mkdtemp(join(tmpdir(), 'verify-killed-'))
    onTestFinished(() => rm(root, { recursive: true, force: true }))
    await cp(node.root, root, { recursive: true, verbatimSymlinks: true })
    expect(statSync(join(root, 'data_layer/state/node.db-wal')).size).toBeGreaterThan(0)
    const before = stateOf(root)
    await expectVerified(root)
    expect(stateOf(root)).toEqual(before)
  })

  test('is read also where an older program left its tables, in a copy that gets the newest ones', async () => {
    const root = await mkdtemp(join(tmpdir(), 'verify-older-'))
    onTestFinished(() => rm(root, { recursive: true, force: true }))
    await cp(node.root, root, { recursive: true, verbatimSymlinks: true })
    const state = join(root, 'data_layer/state')
    await rm(state, { recursive: true })
    await writeOlderDatabase(join(state, 'node.db'), '0024_packed_evidence')
    const before = stateOf(root)
    const months = await withDeadRoot(await deadRootOf(root), ({ db, dbFault }) => {
      expect(dbFault).toBe(null)
      return db!.all(sql`SELECT count(*) AS months FROM packed_months`)
    })
    expect(months).toEqual([{ months: 0 }])
    expect(stateOf(root)).toEqual(before)
  })

  test('is refused when a node comes while it is being read', async () => {
    const root = await mkdtemp(join(tmpdir(), 'verify-started-'))
    onTestFinished(() => rm(root, { recursive: true, force: true }))
    await cp(node.root, root, { recursive: true, verbatimSymlinks: true })
    const change = withDeadRoot(await deadRootOf(root), async () => {
      await rm(join(root, 'data_layer/state/node.db-wal'))
      return 'read'
    })
    await expect(change).rejects.toThrow(RootInUse)
  })
})

/** As a program left it that had the migrations before the named one. */
async function writeOlderDatabase(file: string, before: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'older-migrations-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await cp('migrations', folder, { recursive: true })
  const journal = JSON.parse(readFileSync(join(folder, 'meta/_journal.json'), 'utf8')) as { entries: { tag: string }[] }
  const older = journal.entries.slice(
    0,
    journal.entries.findIndex(({ tag }) => tag === before),
  )
  expect(older.length).toBeGreaterThan(0)
  writeFileSync(join(folder, 'meta/_journal.json'), JSON.stringify({ ...journal, entries: older }))
  await mkdir(dirname(file), { recursive: true })
  const client = createClient({ url: `file:${file}` })
  await migrate(drizzle(client), { migrationsFolder: folder })
  client.close()
}

describe('verify: a run', () => {
  const context = { db: {}, isLive: false, elapsed: () => 0, memo: new Map() } as unknown as ContextWithDb
  const kind = { invariant: 'I1', severity: 'warning', means: 'means', todo: 'todo' } as const
  /** Finds one thing in each place, and looks at ten things there. */
  const checkOf = (id: string, places: string[], look?: Check['look']): Check => ({
    id,
    about: '',
    mode: 'fast',
    needsDb: false,
    kinds: { [`${id}-kind`]: kind },
    places: async () => places,
    look:
      look ??
      (async (_context, place, report) => {
        report(`${id}-kind`, place, 'a', 'b')
        return 10
      }),
  })
  const checks = [checkOf('one', ['c', 'a', 'b']), checkOf('two', ['x', 'y'])]

  test('in slices comes to the same as in one piece', async () => {
    const terms = { mode: 'fast', listed: 2, checks } as const
    const inOne = await verify(context, { ...terms, cursor: null })
    expect(inOne).toMatchObject({
      checked: 50,
      counts: { 'one-kind': 3, 'two-kind': 2 },
      done: 5,
      places: 5,
      cursor: null,
    })
    expect(inOne.findings.map(({ where }) => where)).toEqual(['a', 'b', 'x', 'y'])
    let sum = nothingVerified()
    let slices = 0
    do {
      sum = addSlice(sum, await verify(context, { ...terms, cursor: sum.cursor, milliseconds: 0 }), 2)
      slices += 1
    } while (sum.cursor !== null)
    expect(slices).toBe(5)
    expect(sum).toEqual(inOne)
  })

  test('goes on behind a place that is gone meanwhile', async () => {
    const fewer = [checkOf('one', ['a', 'c']), checks[1] as Check]
    const { findings } = await verify(context, { mode: 'fast', listed: 9, checks: fewer, cursor: 'one b' })
    expect(findings.map(({ where }) => where)).toEqual(['c', 'x', 'y'])
  })

  test('is not stopped by a place that cannot be looked at, and says so with the exit code', async () => {
    const broken = checkOf('one', ['a'], () => Promise.reject(new Error('no disk')))
    const verified = await verify(context, {
      mode: 'fast',
      listed: 9,
      checks: [broken, checks[1] as Check],
      cursor: null,
    })
    expect(verified.failures).toEqual([{ check: 'one', place: 'a', error: 'no disk' }])
    expect(verified.counts).toEqual({ 'two-kind': 2 })
    expect(exitCodeOf({ ...verified, counts: {} })).toBe(3)
    expect(reportText(verified, 'fast')).toContain('not looked at: one a: no disk')
  })

  test('of a node at work believes only what it finds twice', async () => {
    let looks = 0
    const passing = checkOf('one', ['a'], async (_context, _place, report) => {
      looks += 1
      if (looks === 1) report('one-kind', 'passing', 'a', 'b')
      report('one-kind', 'lasting', 'a', 'b')
      return 1
    })
    const live = { ...context, isLive: true }
    const { findings } = await verify(live, { mode: 'fast', listed: 9, checks: [passing], cursor: null })
    expect(findings.map(({ where }) => where)).toEqual(['lasting'])
  })

  test('that was killed goes on where its notes end', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'verify-notes-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const terms = { mode: 'fast', listed: 9, checks, milliseconds: 0 } as const
    const looked: (string | null)[] = []
    const run = (mode: 'fast' | 'deep', slices: number) =>
      runSlices({
        ...{ root: '/root', mode, listed: 9, notes: join(folder, 'notes.json') },
        slice: async (cursor) => {
          if (slices-- === 0) throw new Error('killed')
          looked.push(cursor)
          return verify(context, { ...terms, cursor })
        },
        onSlice: () => undefined,
      })
    await expect(run('fast', 2)).rejects.toThrow('killed')
    const { counts, checked } = await run('fast', 9)
    expect({ counts, checked }).toEqual({ counts: { 'one-kind': 3, 'two-kind': 2 }, checked: 50 })
    expect(looked).toEqual([null, 'one a', 'one b', 'one c', 'two x'])
    // Notes of a run that ended, or of another one, are not gone on with.
    await expect(run('fast', 1)).rejects.toThrow('killed')
    await expect(run('deep', 1)).rejects.toThrow('killed')
    expect(looked.slice(5)).toEqual([null, null])
  })

  test('exits by the worst that it found', async () => {
    const verified = (severity: 'info' | 'warning' | 'error') => {
      const [found] = CHECKS.flatMap(({ kinds }) => Object.entries(kinds)).filter(
        ([, one]) => one.severity === severity,
      )
      return { counts: { [found?.[0] ?? '']: 1 }, failures: [], skipped: [] }
    }
    expect(exitCodeOf({ counts: {}, failures: [], skipped: [] })).toBe(0)
    expect(exitCodeOf(verified('info'))).toBe(0)
    expect(exitCodeOf(verified('warning'))).toBe(1)
    expect(exitCodeOf(verified('error'))).toBe(2)
    expect(exitCodeOf({ ...verified('warning'), skipped: ['raw-files'] })).toBe(3)
    expect(exitCodeOf({ ...verified('error'), skipped: ['raw-files'] })).toBe(2)
  })
})

describe('verify: the progress', () => {
  const shown = (isTerminal: boolean): string[] => {
    const written: string[] = []
    let now = 0
    const bar = progressBar(
      isTerminal,
      () => now,
      (text) => void written.push(text),
    )
    for (let done = 1; done <= 100; done++) {
      now += 1_000
      bar.show(done, 100, 'raw-files')
    }
    bar.end()
    return written
  }

  test('is a bar with the time left on a terminal', () => {
    const written = shown(true)
    expect(written[49]).toMatch(/^\r\[#{15} {15}\] 50 %, 51 s left, raw-files/)
    expect(written.at(-1)?.trim()).toBe('')
  })

  test('is a plain line now and then elsewhere', () => {
    expect(shown(false)).toEqual([
      '30 %, 72 s left, raw-files\n',
      '60 %, 41 s left, raw-files\n',
      '90 %, 10 s left, raw-files\n',
    ])
  })
})

test('verify: a whole root has nothing wrong after its node stopped', async () => {
  await node.stop()
  await expectVerified(node.root)
  expect((await verifyRoot(node.root, 'fast')).failures).toEqual([])
})
