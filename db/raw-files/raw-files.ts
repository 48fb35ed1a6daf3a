/** What raw files hash to: recorded where they are written or read for the first time, looked up by whoever reads them next. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** Which file: that of a cell, or with an empty symbol the one that a vendor's day shares. */
export interface FileKey {
  dt: string
  vendor: string
  symbol: string
}

export interface HashedFile extends FileKey {
  /** sha256 in hex, whole or its first half, which is what is kept. */
  hash: string
}

/** Hex digits kept: 16 bytes. */
export const KEPT_DIGITS = 32
const AT_ONCE = 5_000

/** The newest word counts. Safe to repeat; what is known already is not written again. */
export async function recordHashes(db: Db, dataset: string, files: readonly HashedFile[]): Promise<void> {
  for (let from = 0; from < files.length; from += AT_ONCE) {
    await db.write([
      sql`INSERT INTO raw_files (dataset, dt, vendor, symbol, hash)
          SELECT ${dataset}, value->>0, value->>1, value->>2, unhex(value->>3)
          FROM json_each(${asJson(files.slice(from, from + AT_ONCE))}) WHERE true
          ON CONFLICT DO UPDATE SET hash = excluded.hash WHERE hash <> excluded.hash`,
    ])
  }
}

/** What is known of files of single cells on these days of a vendor: its days were compacted, so nothing of it holds any more. */
export async function forgetOwnFiles(db: Db, dataset: string, vendor: string, dts: readonly string[]): Promise<void> {
  if (dts.length === 0) return
  await db.write([
    sql`DELETE FROM raw_files WHERE dataset = ${dataset} AND vendor = ${vendor} AND symbol <> ''
          AND dt IN (SELECT value FROM json_each(${JSON.stringify(dts)}))`,
  ])
}

const asJson = (files: readonly HashedFile[]): string =>
  JSON.stringify(files.map(({ dt, vendor, symbol, hash }) => [dt, vendor, symbol, hash.slice(0, KEPT_DIGITS)]))

/** The hashes of some days, lower-case hex by `fileKey`. A file that nobody has hashed yet is not in the map. */
export async function hashesOf(db: Db, dataset: string, fromDt: string, toDt: string): Promise<Map<string, string>> {
  return asMap(db, sql`dataset = ${dataset} AND dt BETWEEN ${fromDt} AND ${toDt}`)
}

/** Those of the given files. */
export const hashesOfFiles = (db: Db, dataset: string, files: readonly FileKey[]): Promise<Map<string, string>> =>
  asMap(
    db,
    sql`dataset = ${dataset} AND (dt, vendor, symbol) IN (SELECT value->>0, value->>1, value->>2
      FROM json_each(${JSON.stringify(files.map(({ dt, vendor, symbol }) => [dt, vendor, symbol]))}))`,
  )

async function asMap(db: Db, where: SQL): Promise<Map<string, string>> {
  // One row a vendor's day: thousands of rows cost more to hand over than to find.
  const rows = await db.all<{ dt: string; vendor: string; files: string }>(sql`
    SELECT dt, vendor, json_group_array(json_array(symbol, lower(hex(hash)))) AS files FROM raw_files
    WHERE ${where} GROUP BY dt, vendor`)
  const hashes = new Map<string, string>()
  for (const { dt, vendor, files } of rows) {
    for (const [symbol, hash] of JSON.parse(files) as [string, string][])
      hashes.set(fileKey({ dt, vendor, symbol }), hash)
  }
  return hashes
}

export const fileKey = ({ dt, vendor, symbol }: FileKey): string => `${dt} ${vendor} ${symbol}`
