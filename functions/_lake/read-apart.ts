/** Reads a file by another process. For the database's file: SQLite's lock on it ends as soon as this process closes any handle of that file. */
import { spawn } from 'node:child_process'
import { stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'

export interface FileApart {
  bytes: Readable
  /** Rejects where the file could not be read to its end. Await it when the bytes are through. */
  ended: Promise<void>
}

export function readApart(path: string): FileApart {
  const child = spawn('cat', ['--', path], { stdio: ['ignore', 'pipe', 'pipe'] })
  let told = ''
  child.stderr.on('data', (text) => {
    told = `${told}${text}`.slice(0, 500)
  })
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', (error) => reject(new Error(`could not read ${path} by the program cat: ${error.message}`)))
    child.on('close', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`could not read ${path}: ${told.trim() || `cat ended with ${code}`}`))
    })
  })
  // It may fail before anybody waits for it.
  ended.catch(() => undefined)
  return { bytes: child.stdout, ended }
}

/** What changes with a file's content; the file is not opened for it. */
export async function stampOf(path: string): Promise<string> {
  const { ino, size, mtimeNs } = await stat(path, { bigint: true })
  return [ino, size, mtimeNs].join(' ')
}
