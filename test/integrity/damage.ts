/** Ways to damage a root on which no node works. Files are replaced, never written into: another name may share them. */
import { readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import { DatabaseBusyError } from '../../db/client.ts'
import { againWhileHeld } from '../db/again-while-held.ts'
import { filesBelow } from './night.ts'

/** Files of the data root below a folder of it, absolute. */
export const dataFiles = (root: string, folder: string, ending = ''): string[] =>
  filesBelow(join(root, 'data_layer', folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => join(root, 'data_layer', folder, name))

export function replaceFile(path: string, change: (bytes: Buffer) => Buffer): void {
  const bytes = change(readFileSync(path))
  unlinkSync(path)
  writeFileSync(path, bytes)
}

/** `bit` counts from the first bit of the file. */
export const flipBit = (path: string, bit: number): void =>
  replaceFile(path, (bytes) => {
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
    return bytes
  })

export const cutFile = (path: string, bytes: number): void => replaceFile(path, (whole) => whole.subarray(0, bytes))

export const removeFolder = (...parts: string[]): void => rmSync(join(...parts), { recursive: true })

/** Writes into the node's database and folds its log into the file. */
export const changeDb = (root: string, sql: string): Promise<void> =>
  againWhileHeld(async () => {
    const path = join(root, 'data_layer/state/node.db')
    const db = new Database(path)
    try {
      db.exec(sql)
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    } catch (error) {
      throw /locked/.test(String(error)) ? new DatabaseBusyError(path) : error
    } finally {
      db.close()
    }
  })

/** Curation builds every partition anew in the next night. */
export const touchAll = (root: string): Promise<void> => changeDb(root, 'UPDATE partitions SET version = version + 1')
