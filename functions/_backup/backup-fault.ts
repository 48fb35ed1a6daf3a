/** What keeps a backup or a restore from going on, as one sentence for a person. */
import { codeOf } from '../_lake/disk.ts'

export class BackupFault extends Error {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'BackupFault'
  }
}

/** The failure of a write to the backup folder in words; anything else as it is. */
export function targetFault(folder: string, error: unknown): unknown {
  if (error instanceof BackupFault) return error
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new BackupFault(
        `the backup folder ${folder} is full: free some room there or give a larger disk, then run the backup again; it goes on where it was`,
      )
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new BackupFault(
        `the backup folder ${folder} cannot be written (${codeOf(error)}): let the user of this node write there, and mount the disk writable`,
      )
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENODEV':
    case 'ENXIO':
    case 'EIO':
    case 'ESTALE':
      return new BackupFault(
        `the backup folder ${folder} is gone or its disk fails (${codeOf(error)}): connect and mount the disk, then run the backup again; it goes on where it was`,
      )
    default:
      return error
  }
}
