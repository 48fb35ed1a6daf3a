/** What `/status` says of backups: where they go, and when the last one was made. */
import { readLastBackup } from '../_backup/last-backup.ts'
import type { Node } from '../_http/node.ts'

const HOUR_MS = 3_600_000

/** Null where none is made: BACKUP_ROOT is not set, and nobody has called for one. */
export async function backupState({
  backup,
  lake,
  now,
}: Pick<Node, 'backup' | 'lake' | 'now'>): Promise<object | null> {
  const last = await readLastBackup(lake.root)
  const folder = backup?.folder ?? null
  if (last === null) return folder === null ? null : { folder, last: null }
  const ageHours = Math.round((10 * (now() - Date.parse(last.endedAt))) / HOUR_MS) / 10
  return { folder, last: { ...last, ageHours } }
}
