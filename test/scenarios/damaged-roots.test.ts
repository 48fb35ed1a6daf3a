import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Mode } from '../../functions/verify/check.ts'
import { CHECKS } from '../../functions/verify/checks/index.ts'
import { exitCodeOf } from '../../functions/verify/report.ts'
import { startTestNode } from '../test-node.ts'
import { expectVerified, verifyRoot } from '../verify/verify-root.ts'
import { BUNDLE_DAMAGES } from './damages/bundles.ts'
import { CURATED_FILE_DAMAGES } from './damages/curated-files.ts'
import { changeDb, manifestOf } from './damages/damage.ts'
import { DATABASE_DAMAGES } from './damages/database.ts'
import { MANIFEST_DAMAGES } from './damages/manifests.ts'
import { RAW_FILE_DAMAGES } from './damages/raw-files.ts'

const DAMAGES = [
  ...RAW_FILE_DAMAGES,
  ...DATABASE_DAMAGES,
  ...MANIFEST_DAMAGES,
  ...CURATED_FILE_DAMAGES,
  ...BUNDLE_DAMAGES,
]

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

const MODES: Mode[] = ['fast', 'exact', 'deep']

describe('damaged roots: verify of a root on which no node works', () => {
  test.each(MODES)('finds nothing in a whole one (%s)', async (mode) => {
    await expectVerified(whole, mode)
  })

  test.each(DAMAGES)('$mode tells of it when $what', async ({ inject, mode, kind, code }) => {
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
    const shown = new Set([...DAMAGES.map(({ kind }) => kind), ...elsewhere])
    expect(CHECKS.flatMap(({ kinds }) => Object.keys(kinds)).filter((kind) => !shown.has(kind))).toEqual([])
  })
})
