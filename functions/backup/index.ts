/** POST /backup: copies what no vendor serves again to another disk, a few seconds a call. See functions/_backup/backup.ts. */
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { type BackupDone, type BackupProgress, backup } from '../_backup/backup.ts'
import { BackupFault } from '../_backup/backup-fault.ts'
import { AsOfBody, type FunctionAnswer, RequestError } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { withLock } from '../_lake/keyed-lock.ts'

export const BackupBody = AsOfBody.extend({
  /** The backup folder; left out: BACKUP_ROOT. */
  to: z.string().refine(isAbsolute, { error: 'expected the full path of a folder' }).optional(),
  /** The folder may be empty although a backup was there before. */
  acceptNew: z.boolean().default(false),
})

interface Run {
  folder: string
  steps: AsyncGenerator<BackupProgress, BackupDone>
  /** By `node.elapsed`. */
  advancedAt: number
}

const CALL_MS = 5_000
/** A backup that nobody advanced for so long is begun anew: what it copied is not copied again. */
const STALE_MS = 15 * 60_000

/** The backup under way of each node, and its newest end. */
const runs = new WeakMap<object, Run>()
const ended = new WeakMap<object, { answer: FunctionAnswer; folder: string }>()

export async function backupNode(node: Node, body: z.output<typeof BackupBody>): Promise<FunctionAnswer> {
  const folder = body.to ?? node.backup?.folder ?? null
  if (folder === null) return { skipped: 'BACKUP_ROOT is not set', more: false, nextAt: null }
  const before = ended.get(node.db)
  return await withLock(`${node.lake.root} backup`, async () => {
    const last = ended.get(node.db)
    // It ended while this call waited for its turn.
    if (last !== undefined && last !== before && last.folder === folder) return last.answer
    const run = await runInto(node, folder, body.acceptNew)
    try {
      return await advance(node, run)
    } catch (error) {
      runs.delete(node.db)
      node.log('backup.failed', { to: folder, error })
      throw error instanceof BackupFault ? new RequestError(409, error.message) : error
    }
  })
}

/** The backup under way, or a new one. */
async function runInto(node: Node, folder: string, acceptNew: boolean): Promise<Run> {
  const found = runs.get(node.db)
  if (found && node.elapsed() - found.advancedAt < STALE_MS) {
    if (found.folder === folder) return found
    throw new RequestError(409, `a backup into ${found.folder} is under way: wait until it has ended`)
  }
  await found?.steps.return(undefined as never)
  const { lake, db, config, version, now, log } = node
  const steps = backup({
    folder,
    lake,
    db,
    configFiles: node.backup?.configFiles ?? [],
    keep: config.retention.backups,
    acceptNew,
    version,
    missingMount: node.backup?.missingMount ?? (async () => null),
    now,
    log,
  })
  const run = { folder, steps, advancedAt: node.elapsed() }
  runs.set(node.db, run)
  return run
}

async function advance(node: Node, run: Run): Promise<FunctionAnswer> {
  const until = node.elapsed() + CALL_MS
  for (;;) {
    const { done, value } = await run.steps.next()
    run.advancedAt = node.elapsed()
    if (done) {
      runs.delete(node.db)
      const { folder: to, ...made } = value
      node.log('backup.made', { to, ...made })
      const answer = { to, ...made, more: false, nextAt: null }
      ended.set(node.db, { answer, folder: to })
      return answer
    }
    if (node.elapsed() >= until) return { to: run.folder, ...value, more: true, nextAt: null }
  }
}
