/** Verifies a root in a test with the code that ships, and says what it found. */
import { expect } from 'vitest'
import { loadConfig } from '../../config/load.ts'
import { systemClock } from '../../functions/_runtime/clock.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import type { Mode } from '../../functions/verify/check.ts'
import { type DeadRoot, withDeadRoot } from '../../functions/verify/dead-root.ts'
import { foldersOf, readOptions } from '../../functions/verify/options.ts'
import { reportText } from '../../functions/verify/report.ts'
import { type Verified, verify } from '../../functions/verify/verify.ts'

const LISTED = 20

/** What a root of the demo or of a small node stands for. */
export async function deadRootOf(root: string, secrets: readonly string[] = []): Promise<DeadRoot> {
  const options = readOptions([root])
  const folders = await foldersOf(options, { exportRoot: 'exports', configDir: 'config' })
  const vendors = CONNECTORS.map(({ name }) => name)
  const config = await loadConfig({ folder: folders.configDir, vendors })
  const { now, elapsed } = systemClock
  const { dataRoot, exportRoot } = folders
  return { root: dataRoot, exportRoot, config, secrets, now, elapsed, migrations: 'migrations' }
}

/** On which no node works. */
export const verifyRoot = async (root: string, mode: Mode = 'deep', secrets?: readonly string[]): Promise<Verified> =>
  withDeadRoot(await deadRootOf(root, secrets), (context) => verify(context, { mode, cursor: null, listed: LISTED }))

/** Every invariant that the root can show holds. */
export async function expectVerified(root: string, mode: Mode = 'deep'): Promise<void> {
  const { counts: found, ...rest } = await verifyRoot(root, mode, ['no-such-key-anywhere'])
  // A file that was put aside, and a bundle that waits, are no faults.
  const { 'raw-file-set-aside': _aside, 'latest-older': _older, ...counts } = found
  expect({ counts, failures: rest.failures }, reportText({ counts: found, ...rest }, mode)).toEqual({
    counts: {},
    failures: [],
  })
}
