import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { writeFileAtomic } from '../../functions/_lake/atomic.ts'
import type { Mode } from '../../functions/verify/check.ts'
import { CHECKS } from '../../functions/verify/checks/index.ts'
import { exitCodeOf } from '../../functions/verify/report.ts'
import { ASOF, startTestNode } from '../test-node.ts'
import { expectVerified, verifyRoot } from '../verify/verify-root.ts'

const DAY = '2025-07-07'
const BARS = `data_layer/raw/alpaca/equities_bars/date=${DAY}/data.parquet`
const YEAR = 'equities_bars/year=2025/data.parquet'
const BUNDLE = `exports/nightly/${ASOF}`

let whole: string

beforeAll(async () => {
  const node = await startTestNode()
  try {
    await node.night()
    await node.stop()
    // A start marks how far the manifests are read.
    await node.start()
    await node.stop()
    whole = await mkdtemp(join(tmpdir(), 'verify-whole-'))
    await cp(node.root, whole, { recursive: true, verbatimSymlinks: true })
  } finally {
    await node.remove()
  }
}, 120_000)
afterAll(() => rm(whole, { recursive: true, force: true }))

/** A copy of the whole root, to be damaged. */
async function copyOfWhole(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'verify-damaged-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  await cp(whole, root, { recursive: true, verbatimSymlinks: true })
  return root
}

/** Writes into the database of a root on which no node works. */
function changeDb(root: string, sql: string): void {
  const db = new Database(join(root, 'data_layer/state/node.db'))
  db.exec('PRAGMA ignore_check_constraints = ON')
  db.exec(sql)
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  db.exec('PRAGMA journal_mode = DELETE')
  db.close()
}

function flipByte(path: string, at: (bytes: Buffer) => number): void {
  const bytes = readFileSync(path)
  const place = at(bytes)
  bytes[place] = (bytes[place] as number) ^ 1
  // Another inode: the file of a bundle may be the same one.
  unlinkSync(path)
  writeFileSync(path, bytes)
}

const middle = (bytes: Buffer): number => bytes.length >> 1
const cut = (path: string): void => truncateSync(path, 100)

interface Damage {
  what: string
  inject(root: string): void | Promise<void>
  /** The least thorough mode that finds it, the kind, and the exit code then. */
  mode: Mode
  kind: string
  code: number
}

const damages: Damage[] = [
  {
    what: 'a raw file is deleted',
    inject: (root) => unlinkSync(join(root, BARS)),
    mode: 'fast',
    kind: 'raw-file-gone',
    code: 1,
  },
  {
    what: 'a raw file that nobody accepted appears',
    inject: (root) =>
      writeFileAtomic(
        join(root, 'data_layer/raw/massive/equities_bars/date=2025-07-07/data.parquet'),
        Buffer.from('x'),
      ),
    mode: 'fast',
    kind: 'raw-file-unaccepted',
    code: 0,
  },
  {
    what: 'a killed process left a temp file among the raw files',
    inject: (root) => writeFileSync(join(root, BARS, '../.data.parquet.0badcafe-1-1.tmp'), 'x'),
    mode: 'fast',
    kind: 'raw-temp-file',
    code: 1,
  },
  {
    what: 'a damaged file was put aside',
    inject: (root) => writeFileSync(join(root, `${BARS}.damaged`), 'x'),
    mode: 'fast',
    kind: 'raw-file-set-aside',
    code: 0,
  },
  {
    what: 'a strange name lies among the raw files',
    inject: (root) => writeFileSync(join(root, BARS, '../notes.txt'), 'x'),
    mode: 'fast',
    kind: 'raw-name-unknown',
    code: 0,
  },
  {
    what: 'the file of a cell was lost and no vendor has it',
    inject: (root) =>
      changeDb(
        root,
        `UPDATE attempts SET outcome = 'lost', digest = NULL WHERE dataset = 'equities_bars' AND dt = '${DAY}' AND symbol = 'AAPL';
         UPDATE coverage SET present = present & ~(1 << 6) WHERE dataset = 'equities_bars' AND symbol = 'AAPL' AND month = '2025-07'`,
      ),
    mode: 'fast',
    kind: 'cell-lost',
    code: 1,
  },
  {
    what: 'a raw file is torn',
    inject: (root) => cut(join(root, BARS)),
    mode: 'exact',
    kind: 'raw-file-unreadable',
    code: 1,
  },
  {
    what: 'a file that nobody accepted is torn',
    inject: (root) =>
      writeFileAtomic(
        join(root, 'data_layer/raw/massive/equities_bars/date=2025-07-07/data.parquet'),
        Buffer.from('x'),
      ),
    mode: 'exact',
    kind: 'unaccepted-file-unreadable',
    code: 0,
  },
  {
    what: 'a raw file holds fewer rows than were accepted',
    inject: (root) => changeDb(root, `UPDATE attempts SET rows = 99 WHERE dataset = 'equities_bars' AND dt = '${DAY}'`),
    mode: 'exact',
    kind: 'raw-rows-missing',
    code: 1,
  },
  {
    what: 'one bit of a raw file is flipped',
    inject: (root) => flipByte(join(root, BARS), middle),
    mode: 'deep',
    kind: 'raw-bytes-differ',
    code: 1,
  },
  {
    what: 'the digest of a cell is another one than its rows have',
    inject: (root) =>
      changeDb(
        root,
        `UPDATE attempts SET digest = '${'0'.repeat(64)}', at = at + 1 WHERE dataset = 'equities_bars' AND dt = '${DAY}' AND symbol = 'AAPL'`,
      ),
    mode: 'deep',
    kind: 'raw-cell-differs',
    code: 1,
  },
  {
    what: 'a shared file holds no row of a cell that was accepted',
    inject: (root) =>
      changeDb(
        root,
        `INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, rows, digest, at, ask_again_at)
         SELECT dataset, 'ZZZ', dt, vendor, count, outcome, 0, digest, at, ask_again_at FROM attempts
         WHERE dataset = 'equities_bars' AND dt = '${DAY}' AND symbol = 'AAPL' AND digest IS NOT NULL LIMIT 1`,
      ),
    mode: 'deep',
    kind: 'raw-cell-missing',
    code: 1,
  },
  {
    what: 'the database has a version that no manifest tells of',
    inject: (root) =>
      changeDb(
        root,
        `INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, rows, digest, at, ask_again_at)
         SELECT dataset, 'ZZZ', dt, vendor, count, outcome, 0, digest, at, ask_again_at FROM attempts
         WHERE dataset = 'equities_bars' AND dt = '${DAY}' AND symbol = 'AAPL' AND digest IS NOT NULL LIMIT 1`,
      ),
    mode: 'deep',
    kind: 'version-without-line',
    code: 1,
  },
  {
    what: 'a shared file holds rows that nobody accepted',
    inject: (root) =>
      changeDb(root, `DELETE FROM attempts WHERE dataset = 'equities_bars' AND dt = '${DAY}' AND symbol = 'AAPL'`),
    mode: 'deep',
    kind: 'raw-cell-unaccepted',
    code: 2,
  },
  {
    what: 'a cell counts as present that nobody delivered',
    inject: (root) =>
      changeDb(root, `DELETE FROM attempts WHERE dataset = 'equities_bars' AND dt = '${DAY}' AND symbol = 'AAPL'`),
    mode: 'fast',
    kind: 'mask-without-version',
    code: 2,
  },
  {
    what: 'a cell that was delivered does not count as present',
    inject: (root) => changeDb(root, `UPDATE coverage SET present = 0, short = 0, held = 0 WHERE symbol = 'AAPL'`),
    mode: 'fast',
    kind: 'version-without-mask',
    code: 1,
  },
  {
    what: 'the masks of a symbol are gone',
    inject: (root) => changeDb(root, `DELETE FROM coverage WHERE symbol = 'AAPL'`),
    mode: 'fast',
    kind: 'version-without-mask',
    code: 1,
  },
  {
    what: 'a cell is present and absent at once',
    inject: (root) => changeDb(root, `UPDATE coverage SET absent = present WHERE symbol = 'AAPL'`),
    mode: 'fast',
    kind: 'present-and-absent',
    code: 2,
  },
  {
    what: 'a cell is held and not present',
    inject: (root) => changeDb(root, `UPDATE coverage SET held = 1 << 30 WHERE symbol = 'AAPL'`),
    mode: 'fast',
    kind: 'mask-without-presence',
    code: 2,
  },
  {
    what: 'a present cell has a reason for its absence',
    inject: (root) =>
      changeDb(
        root,
        `INSERT INTO absences (dataset, symbol, dt, reason, decided_at) VALUES ('equities_bars', 'AAPL', '${DAY}', 'NO_TRADES', 0)`,
      ),
    mode: 'fast',
    kind: 'absence-of-present',
    code: 1,
  },
  {
    what: 'a manifest folder is gone',
    inject: (root) => rmSync(join(root, 'data_layer/manifests/alpaca'), { recursive: true }),
    mode: 'fast',
    kind: 'manifest-gone',
    code: 1,
  },
  {
    what: 'a manifest has lost its end',
    inject: (root) => truncateSync(manifestOf(root), 10),
    mode: 'fast',
    kind: 'manifest-shorter',
    code: 1,
  },
  {
    what: 'one bit of a manifest is flipped',
    inject: (root) => flipByte(manifestOf(root), middle),
    mode: 'exact',
    kind: 'manifest-line-unreadable',
    code: 1,
  },
  {
    what: 'a manifest ends in half a line',
    inject: (root) => appendFileSync(manifestOf(root), '{"dataset":'),
    mode: 'exact',
    kind: 'manifest-line-torn',
    code: 1,
  },
  {
    what: 'the database does not know what a line tells',
    inject: (root) =>
      changeDb(
        root,
        `UPDATE attempts SET digest = '${'0'.repeat(64)}', at = 0 WHERE dataset = 'equities_bars' AND dt = '${DAY}' AND symbol = 'AAPL'`,
      ),
    mode: 'exact',
    kind: 'manifest-line-unknown',
    code: 1,
  },
  {
    what: 'a task is leased and no lease has it',
    inject: (root) =>
      changeDb(
        root,
        `INSERT INTO gap_tasks (dataset, symbol, dt, lane, priority, reason, state, attempts, next_at, created_at, updated_at, lease)
         VALUES ('equities_bars', 'ZZZ', '${DAY}', 'backfill', 0, 'missing', 'leased', 1, 0, 0, 0, 4711)`,
      ),
    mode: 'fast',
    kind: 'task-without-lease',
    code: 2,
  },
  {
    what: 'a lease was never taken back',
    inject: (root) =>
      changeDb(
        root,
        `INSERT INTO leases (id, vendor, token, holder, leased_at, lease_expires_at, tasks) VALUES (4711, 'alpaca', 't', 'h', 0, 1, '[]')`,
      ),
    mode: 'fast',
    kind: 'lease-overdue',
    code: 1,
  },
  {
    what: 'a task counts other days than it has',
    inject: (root) =>
      changeDb(
        root,
        `INSERT INTO gap_tasks (dataset, symbol, dt, lane, priority, reason, state, attempts, next_at, created_at, updated_at, days, cells)
         VALUES ('equities_bars', 'ZZZ', '2025-07-01', 'backfill', 0, 'missing', 'queued', 0, 0, 0, 0, 7, 2)`,
      ),
    mode: 'fast',
    kind: 'task-miscounted',
    code: 1,
  },
  {
    what: 'a cell is queued twice',
    inject: (root) =>
      changeDb(
        root,
        `INSERT INTO gap_tasks (dataset, symbol, dt, lane, priority, reason, state, attempts, next_at, created_at, updated_at, days, cells)
         VALUES ('equities_bars', 'ZZZ', '2025-07-01', 'backfill', 0, 'missing', 'queued', 0, 0, 0, 0, 7, 3),
                ('equities_bars', 'ZZZ', '2025-07-02', 'backfill', 0, 'missing', 'queued', 0, 0, 0, 0, NULL, 1)`,
      ),
    mode: 'fast',
    kind: 'cell-queued-twice',
    code: 1,
  },
  {
    what: 'an account was asked more in a minute than it allows',
    inject: (root) =>
      changeDb(
        root,
        `INSERT INTO budgets (vendor, kind, starts_at, calls) VALUES ('massive', 'slot', 1000000, 3), ('massive', 'slot', 1059000, 3)`,
      ),
    mode: 'fast',
    kind: 'budget-of-minute-exceeded',
    code: 2,
  },
  {
    what: 'a killed process left a temp file beside the curated files',
    inject: (root) =>
      writeFileSync(join(root, 'data_layer/curated/equities_bars/year=2025/.data.parquet.0badcafe-1-1.tmp'), 'x'),
    mode: 'fast',
    kind: 'temp-file',
    code: 1,
  },
  {
    what: 'a killed export left its staging folder',
    inject: (root) => void mkdirSync(join(root, `exports/.staging/${ASOF}`), { recursive: true }),
    mode: 'fast',
    kind: 'bundle-in-the-making',
    code: 1,
  },
  {
    what: 'a killed process left a spill folder',
    inject: (root) => void mkdirSync(join(root, 'data_layer/.duckdb-tmp')),
    mode: 'fast',
    kind: 'spill-folder',
    code: 1,
  },
  {
    what: 'a curated file is deleted',
    inject: (root) => unlinkSync(join(root, 'data_layer/curated', YEAR)),
    mode: 'fast',
    kind: 'curated-file-gone',
    code: 1,
  },
  {
    what: 'a curated file is there that nobody expects',
    inject: (root) =>
      cp(join(root, 'data_layer/curated', YEAR), join(root, 'data_layer/curated/equities_bars/year=1999/data.parquet')),
    mode: 'fast',
    kind: 'curated-file-unexpected',
    code: 0,
  },
  {
    what: 'a curated file is torn',
    inject: (root) => cut(ownInode(root, `data_layer/curated/${YEAR}`)),
    mode: 'exact',
    kind: 'curated-file-unreadable',
    code: 1,
  },
  {
    what: 'a curated file holds another number of rows',
    inject: (root) => changeDb(root, `UPDATE partitions SET curated_rows = 1 WHERE dataset = 'equities_bars'`),
    mode: 'exact',
    kind: 'curated-rows-differ',
    code: 1,
  },
  {
    what: 'one bit of a curated file is flipped',
    inject: (root) => flipByte(join(root, 'data_layer/curated', YEAR), middle),
    mode: 'deep',
    kind: 'curated-bytes-differ',
    code: 1,
  },
  {
    what: 'a part of the ledger is deleted',
    inject: (root) => unlinkSync(join(root, 'data_layer/qc/ledger/equities_bars/2025.parquet')),
    mode: 'fast',
    kind: 'ledger-part-gone',
    code: 1,
  },
  {
    what: 'a part of the ledger is of nobody',
    inject: (root) =>
      cp(
        join(root, 'data_layer/qc/ledger/equities_bars/2025.parquet'),
        join(root, 'data_layer/qc/ledger/equities_bars/1999.parquet'),
      ),
    mode: 'fast',
    kind: 'ledger-part-unexpected',
    code: 1,
  },
  {
    what: 'the ledger is deleted',
    inject: (root) => unlinkSync(join(root, 'data_layer/qc/partition_status.parquet')),
    mode: 'fast',
    kind: 'ledger-gone',
    code: 1,
  },
  {
    what: 'a part of the ledger is torn',
    inject: (root) => cut(join(root, 'data_layer/qc/ledger/equities_bars/2025.parquet')),
    mode: 'exact',
    kind: 'ledger-part-unreadable',
    code: 1,
  },
  {
    what: 'one bit of a part of the ledger is flipped',
    inject: (root) => flipByte(join(root, 'data_layer/qc/ledger/equities_bars/2025.parquet'), middle),
    mode: 'exact',
    kind: 'ledger-part-bytes-differ',
    code: 1,
  },
  {
    what: 'verdicts are about another curated file',
    inject: (root) =>
      changeDb(root, `UPDATE partitions SET curated_sha256 = '${'0'.repeat(64)}' WHERE dataset = 'equities_bars'`),
    mode: 'exact',
    kind: 'ledger-of-another-file',
    code: 1,
  },
  {
    what: 'a bundle lacks its sums',
    inject: (root) => unlinkSync(join(root, BUNDLE, 'SHA256SUMS')),
    mode: 'fast',
    kind: 'bundle-without-proof',
    code: 2,
  },
  {
    what: 'the newest bundle is gone and the link stays',
    inject: (root) => rmSync(join(root, BUNDLE), { recursive: true }),
    mode: 'fast',
    kind: 'latest-dangling',
    code: 2,
  },
  {
    what: 'the link is gone',
    inject: (root) => unlinkSync(join(root, 'exports/latest')),
    mode: 'fast',
    kind: 'latest-missing',
    code: 1,
  },
  {
    what: 'the link points at an older bundle',
    inject: async (root) => {
      await cp(join(root, BUNDLE), join(root, 'exports/nightly/2025-07-07'), { recursive: true })
      unlinkSync(join(root, 'exports/latest'))
      symlinkSync('nightly/2025-07-07', join(root, 'exports/latest'))
    },
    mode: 'fast',
    kind: 'latest-older',
    code: 0,
  },
  {
    what: 'the manifest of a bundle is no JSON',
    inject: (root) => rewrite(join(root, BUNDLE, 'MANIFEST.json'), () => '{'),
    mode: 'exact',
    kind: 'bundle-manifest-unreadable',
    code: 2,
  },
  {
    what: 'a bundle lacks a file',
    inject: (root) => unlinkSync(join(root, BUNDLE, 'curated', YEAR)),
    mode: 'exact',
    kind: 'bundle-file-missing',
    code: 2,
  },
  {
    what: 'a bundle holds a file that is not listed',
    inject: (root) => writeFileSync(join(root, BUNDLE, 'more.txt'), 'x'),
    mode: 'exact',
    kind: 'bundle-file-unlisted',
    code: 2,
  },
  {
    what: 'a file of a bundle has grown',
    inject: (root) => appendFileSync(ownInode(root, `${BUNDLE}/README.md`), 'x'),
    mode: 'exact',
    kind: 'bundle-file-size',
    code: 2,
  },
  {
    what: 'the sums of a bundle are not those of its manifest',
    inject: (root) => rewrite(join(root, BUNDLE, 'SHA256SUMS'), (text) => text.split('\n').slice(1).join('\n')),
    mode: 'exact',
    kind: 'bundle-sums-differ',
    code: 2,
  },
  {
    what: 'a file of a bundle cannot be read',
    inject: (root) => writeFileSync(ownInode(root, `${BUNDLE}/curated/${YEAR}`), 'no Parquet'),
    mode: 'exact',
    kind: 'bundle-file-unreadable',
    code: 2,
  },
  {
    what: 'a bundle says that it is not complete',
    inject: (root) =>
      rewrite(join(root, BUNDLE, 'MANIFEST.json'), (text) =>
        text
          .replace('{', '{"complete":false,')
          .replace(',"complete":true', '')
          .replace(/"complete": true,/, ''),
      ),
    mode: 'exact',
    kind: 'bundle-incomplete',
    code: 1,
  },
  {
    what: 'a bundle leaves out cells that its ledger vouches for, and does not say so',
    inject: (root) => {
      rmSync(join(root, BUNDLE, 'curated/equities_bars'), { recursive: true })
      rewrite(join(root, BUNDLE, 'MANIFEST.json'), (text) => {
        const manifest = JSON.parse(text) as { files: { dataset?: string }[] }
        return JSON.stringify({
          ...manifest,
          files: manifest.files.filter(({ dataset }) => dataset !== 'equities_bars'),
        })
      })
    },
    mode: 'exact',
    kind: 'bundle-cell-missing',
    code: 2,
  },
  {
    what: 'a bundle holds rows of a cell that its ledger does not know',
    inject: (root) => rewriteLedger(root),
    mode: 'exact',
    kind: 'bundle-red-cell',
    code: 2,
  },
  {
    what: 'one bit of a file of a bundle is flipped',
    inject: (root) => flipByte(join(root, BUNDLE, 'curated', YEAR), middle),
    mode: 'deep',
    kind: 'bundle-bytes-differ',
    code: 2,
  },
]

/** The manifest in which Alpaca's bars are told. */
const manifestOf = (root: string): string =>
  join(root, 'data_layer/manifests/alpaca/equities_bars/manifest-2025-07-09.jsonl')

function rewrite(path: string, change: (text: string) => string): void {
  const text = change(readFileSync(path, 'utf8'))
  unlinkSync(path)
  writeFileSync(path, text)
}

/** A path whose file no bundle and no lake shares. */
function ownInode(root: string, name: string): string {
  const path = join(root, name)
  const bytes = readFileSync(path)
  unlinkSync(path)
  writeFileSync(path, bytes)
  return path
}

/** The bundle's ledger becomes the part of the yields alone. */
async function rewriteLedger(root: string): Promise<void> {
  const ledger = ownInode(root, `${BUNDLE}/qc/partition_status.parquet`)
  writeFileSync(ledger, readFileSync(join(root, 'data_layer/qc/ledger/macro_treasury/2025.parquet')))
}

const MODES: Mode[] = ['fast', 'exact', 'deep']

describe('damaged roots: verify of a root on which no node works', () => {
  test.each(MODES)('finds nothing in a whole one (%s)', async (mode) => {
    await expectVerified(whole, mode)
  })

  test.each(damages)('$mode tells of it when $what', async ({ inject, mode, kind, code }) => {
    const root = await copyOfWhole()
    await inject(root)
    const verified = await verifyRoot(root, mode, ['no-such-key-anywhere'])
    expect(Object.keys(verified.counts)).toContain(kind)
    expect(verified.failures).toEqual([])
    expect(exitCodeOf(verified)).toBe(code)
    const found = verified.findings.filter((finding) => finding.kind === kind)
    expect(found.length).toBeGreaterThan(0)
    for (const { where, expected, found: seen, means, todo } of found)
      for (const text of [where, expected, seen, means, todo]) expect(text).not.toBe('')
  })

  test('finds a key of the environment in a text, and does not repeat it', async () => {
    const root = await copyOfWhole()
    const key = 'sk-live-0123456789'
    appendFileSync(manifestOf(root), `${'x'.repeat(70_000)}${key}\n`)
    const verified = await verifyRoot(root, 'deep', [key])
    expect(verified.counts['secret-in-file']).toBe(1)
    expect(exitCodeOf(verified)).toBe(2)
    expect(JSON.stringify(verified)).not.toContain(key)
  })

  test('checks the files when there is no database, and says which checks did not run', async () => {
    const root = await copyOfWhole()
    rmSync(join(root, 'data_layer/state'), { recursive: true })
    const verified = await verifyRoot(root, 'deep', ['no-such-key-anywhere'])
    expect(verified.skipped).toContain('raw-files')
    expect(verified.skipped).not.toContain('bundle-hashes')
    expect(exitCodeOf(verified)).toBe(3)
  })

  test('finds a damaged database', async () => {
    const root = await copyOfWhole()
    const path = join(root, 'data_layer/state/node.db')
    // Folds the log into the file.
    changeDb(root, 'SELECT 1')
    const bytes = readFileSync(path)
    // Into the cells of many pages, behind their headers.
    for (let at = 4 * 4096 + 1000; at < bytes.length; at += 4096) bytes.fill(0xff, at, at + 3000)
    writeFileSync(path, bytes)
    const verified = await verifyRoot(root, 'exact')
    expect(verified.counts['database-damaged']).toBe(1)
    expect(exitCodeOf(verified)).toBe(3)
  })

  test('every kind of finding has a damage here or elsewhere that shows it', () => {
    const elsewhere = [
      'secret-in-file',
      'secrets-unknown',
      'database-damaged',
      'database-not-checked',
      'wal-too-large',
      'manifest-line-set-aside',
      'lost-cell-claimed',
      'budget-of-day-exceeded',
      'ledger-cell-twice',
      'ledger-part-differs',
      'ledger-rows-differ',
      'curated-cell-unexpected',
      'raw-pages-unreadable',
    ]
    const shown = new Set([...damages.map(({ kind }) => kind), ...elsewhere])
    expect(CHECKS.flatMap(({ kinds }) => Object.keys(kinds)).filter((kind) => !shown.has(kind))).toEqual([])
  })
})
