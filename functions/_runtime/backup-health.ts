/** Whether the last backup is young enough, where one is wanted. */
import { readLastBackup } from '../_backup/last-backup.ts'
import type { Reason } from '../_http/health.ts'
import type { Node } from '../_http/node.ts'

const DAY_MS = 86_400_000

export interface BackupHealthTerms {
  node: Pick<Node, 'lake' | 'backup' | 'now'>
  /** Epoch ms by the present clock at which this process began: a node without any backup has its days from then. */
  startedAt(): number
}

/** Goes by what the node remembers: the backup disk may be away. */
export async function backupReasons({ node, startedAt }: BackupHealthTerms): Promise<Reason[]> {
  const { folder = null, maxAgeDays = 0 } = node.backup ?? {}
  if (folder === null) return []
  const last = await readLastBackup(node.lake.root)
  const since = (last === null ? startedAt() : Date.parse(last.endedAt)) + maxAgeDays * DAY_MS
  if (node.now() < since) return []
  const has = last === null ? 'there is none yet' : `the last one is of ${last.endedAt}`
  return [
    {
      code: 'no_backup',
      what: `no backup was made within ${maxAgeDays} days (${has})`,
      todo: `look at the disk of BACKUP_ROOT ${folder} and for a failed step backup under chains in GET /status, then run npm run backup`,
      since,
    },
  ]
}
