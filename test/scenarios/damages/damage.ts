/** The paths of a night's root that tests damage, and the ways to damage a file or a table. */
import { readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import type { Mode } from '../../../functions/verify/check.ts'
import { ASOF } from '../../test-node.ts'

export const DAY = '2025-07-07'
export const BARS = `data_layer/raw/alpaca/equities_bars/date=${DAY}/data.parquet`
export const YEAR = 'equities_bars/year=2025/data.parquet'
export const BUNDLE = `exports/nightly/${ASOF}`

/** One way to damage a root, and what `verify` must say of it. */
export interface Damage {
  what: string
  inject(root: string): void | Promise<void>
  /** The least thorough mode that finds it, the kind, and the exit code then. */
  mode: Mode
  kind: string
  code: number
}

/** Writes into the database of a root on which no node works. */
export function changeDb(root: string, sql: string): void {
  const db = new Database(join(root, 'data_layer/state/node.db'))
  db.exec('PRAGMA ignore_check_constraints = ON')
  db.exec(sql)
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  db.exec('PRAGMA journal_mode = DELETE')
  db.close()
}

/** Flips one bit of the byte at a place of a file. */
export function flipByte(path: string, at: (bytes: Buffer) => number): void {
  const bytes = readFileSync(path)
  const place = at(bytes)
  bytes[place] = (bytes[place] as number) ^ 1
  // Another inode: the file of a bundle may be the same one.
  unlinkSync(path)
  writeFileSync(path, bytes)
}

export const middle = (bytes: Buffer): number => bytes.length >> 1
/** Cuts a file after its first 100 bytes. */
export const cut = (path: string): void => truncateSync(path, 100)

/** The manifest in which Alpaca's bars are told. */
export const manifestOf = (root: string): string =>
  join(root, 'data_layer/manifests/alpaca/equities_bars/manifest-2025-07-09.jsonl')

export function rewrite(path: string, change: (text: string) => string): void {
  const text = change(readFileSync(path, 'utf8'))
  unlinkSync(path)
  writeFileSync(path, text)
}

/** A path whose file no bundle and no lake shares. */
export function ownInode(root: string, name: string): string {
  const path = join(root, name)
  const bytes = readFileSync(path)
  unlinkSync(path)
  writeFileSync(path, bytes)
  return path
}
