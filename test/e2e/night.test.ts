/** One night, end to end, as processes over real HTTP. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { closeLake, type Lake, openLake } from '../../functions/_lake/lake.ts'
import { expectVerified } from '../verify/verify-root.ts'
import { begin, freshRoot, hashesBelow, type NightReport, playNight } from './night.ts'

const run = promisify(execFile)

/** A smaller night for what must be repeated: holes, a dying vendor and a half day are still in it. */
const SMALL = ['--symbols', 'SPY,AAPL,BRK.B,SEB,PXD,RDDT', '--seed', '7']

/** Seconds after which a night is killed. */
const isQuick = process.env.E2E === 'quick'
const KILLS = isQuick ? [1.4] : [0.8, 1.4, 2.1, 2.9, 3.8]

async function ask<Row extends Record<string, unknown>>(sql: string): Promise<Row[]> {
  const lake: Lake = openLake({ root: await freshRoot(), exportRoot: await freshRoot() })
  try {
    return await lake.duck.all<Row>(sql)
  } finally {
    await closeLake(lake)
  }
}

describe('night: the default night', () => {
  test('ends within every budget, with a bundle that proves itself', async () => {
    const root = await freshRoot()
    const night = await playNight(root, [])
    expect(Object.values(night.vendors).map(({ violations }) => violations)).toEqual([0, 0, 0])
    const { expected, present, absent, held } = night.cells
    expect(expected).toBe(present + absent + held)
    expect(expected).toBeGreaterThan(25_000)
    expect(held).toBeGreaterThan(0)
    expect(night.tasks.enqueued).toBe(night.tasks.filled + night.tasks.absent + night.tasks.stalled + stillOpen(night))

    const { stdout } = await run('sha256sum', ['-c', 'SHA256SUMS'], { cwd: night.bundle.path })
    expect(
      stdout
        .trim()
        .split('\n')
        .every((line) => line.endsWith(': OK')),
    ).toBe(true)
    const [ledger] = await ask<{ cells: number; twice: number }>(
      `SELECT count(*) AS cells, count(*) - count(DISTINCT (dataset, symbol, dt)) AS twice
       FROM read_parquet('${night.bundle.path}/qc/partition_status.parquet')`,
    )
    expect(ledger).toEqual({ cells: expected, twice: 0 })

    const again = await playNight(root, [])
    // The vendor that is dead is tried once more for its list of symbols.
    expect(Object.values(again.vendors).map(({ calls }) => calls)).toEqual([1, 0, 0])
    expect(again.tasks).toEqual({ enqueued: 0, filled: 0, absent: 0, stalled: 0 })
    expect(again.bundle.digest).toBe(night.bundle.digest)
    expect(again.cells).toEqual(night.cells)
    await expectVerified(root, 'exact')
  })
})

/** Tasks that wait for a vendor to come back or to have the day: for absent cells, and for a second opinion on held ones. */
const stillOpen = ({ cells, tasks }: NightReport): number => cells.absent - tasks.absent + cells.held

describe('night: a night of one seed', () => {
  let undisturbed: NightReport
  let hashes: Record<string, string>

  beforeAll(async () => {
    const root = await freshRootForAll()
    undisturbed = await playNight(root, SMALL)
    hashes = await hashesBelow(undisturbed.bundle.path)
  })

  // The night that is killed shows it as well.
  test.skipIf(isQuick)('leaves the same bytes in another root', async () => {
    const night = await playNight(await freshRoot(), SMALL)
    expect(await hashesBelow(night.bundle.path)).toEqual(hashes)
  })

  // Where the kill falls depends on the machine; that nothing depends on it is the point.
  test.each(KILLS)('killed after %s s and played again leaves the same bytes', async (seconds) => {
    const root = await freshRoot()
    const { child, ended } = begin(['--root', root, ...SMALL])
    await new Promise((done) => setTimeout(done, seconds * 1000))
    child.kill('SIGKILL')
    await ended
    const night = await playNight(root, SMALL)
    expect(await hashesBelow(night.bundle.path)).toEqual(hashes)
    expect(night.cells).toEqual(undisturbed.cells)
    expect(await acceptedTwice(root)).toEqual([])
    await expectVerified(root, 'exact')
  })

  test('interrupted by Ctrl-C ends by itself with 130, and goes on where it was', async () => {
    const root = await freshRoot()
    const { child, ended } = begin(['--root', root, ...SMALL])
    // From its log on the node is at work, however long the machine took to get there.
    while (!existsSync(join(root, 'node.log'))) await new Promise((done) => setTimeout(done, 20))
    child.kill('SIGINT')
    const { code, stdout } = await ended
    expect(code).toBe(130)
    expect(stdout).toMatch(/Stopped\. Run the same command again to go on\.\n$/)
    const night = await playNight(root, SMALL)
    expect(await hashesBelow(night.bundle.path)).toEqual(hashes)
    await expectVerified(root, 'exact')
  })
})

/** A root that outlives one test; the operating system's temp folder is cleared by its owner. */
async function freshRootForAll(): Promise<string> {
  const { mkdtemp } = await import('node:fs/promises')
  const { tmpdir } = await import('node:os')
  const { join } = await import('node:path')
  return await mkdtemp(join(tmpdir(), 'data-node-night-'))
}

/** Manifest lines that tell of one version of one cell more than once. */
async function acceptedTwice(root: string): Promise<unknown[]> {
  return await ask(
    `SELECT vendor, dataset, symbol, dt, digest, count(*) AS lines
     FROM read_json('${root}/data_layer/manifests/*/*/*.jsonl', format = 'newline_delimited')
     GROUP BY ALL HAVING lines > 1`,
  )
}
