/** An exclusive lock on a file. The operating system holds it for this process, so it ends with the process, however that ends. */
import Database from 'libsql'

export interface FileLock {
  /** May be called twice. */
  release(): void
}

/**
 * Locks a file, which is made when it is not there; its content stays empty. `taken`: another process, or this one, holds it. `unsupported`: the
 * file system has no locks, as some network shares. SQLite's own file lock serves, because Node offers none.
 */
export function lockFile(path: string): FileLock | 'taken' | 'unsupported' {
  const file = new Database(path)
  try {
    // An open transaction that writes nothing: no journal is made, and no other connection gets past it.
    file.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    file.close()
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    return /BUSY|LOCKED/.test(code) ? 'taken' : 'unsupported'
  }
  return {
    release() {
      if (!file.open) return
      // A closed connection is freed only when the garbage collector comes by: the lock must not wait for that.
      file.exec('ROLLBACK')
      file.close()
    },
  }
}
