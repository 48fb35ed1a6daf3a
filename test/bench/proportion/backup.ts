/** What a backup costs: the first one, one of a night in which little changed, a restore, and how long the copy of the database stops the event loop. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { openDb } from '../../../db/client.ts'
import { migrateDb } from '../../../db/migrate.ts'
import { recordHashes } from '../../../db/raw-files/raw-files.ts'
import { type BackupDone, backup } from '../../../functions/_backup/backup.ts'
import { restore } from '../../../functions/_backup/restore.ts'
import { sha256 } from '../../../functions/_lake/digest.ts'
import { closeLake, openLake } from '../../../functions/_lake/lake.ts'
import { stateFile } from '../../../functions/_lake/paths.ts'
import { addDays } from '../../../functions/_market/dt.ts'
import { type BenchRow, figure } from '../row.ts'
import { timed, watchLoop } from '../watch.ts'

export interface BackupScale {
  /** Raw files, one a cell. */
  files: number
  bytesEach: number
  /** Megabytes of the database. */
  databaseMb: number
  changed: number
}

const DATASET = 'equities_bars_minute'
const SYMBOLS = 500
const FILES: BackupScale = { files: 20_000, bytesEach: 12_000, databaseMb: 300, changed: 50 }
/** The second night of so many days is not the first again. */
const NIGHT_MS = 86_400_000
/** Of the copy of the database: a heartbeat of a lease comes every few seconds. */
const MOST_STALL_MS = 1_000

export async function benchBackup(scale: BackupScale = FILES): Promise<BenchRow[]> {
  const home = await mkdtemp(join(tmpdir(), 'bench-backup-'))
  const root = join(home, 'data')
  const lake = openLake({ root, exportRoot: join(home, 'exports') })
  await mkdir(join(root, 'state'), { recursive: true })
  await writeFile(join(root, '.volume-id'), 'bench\n')
  const db = await openDb(stateFile(root))
  try {
    await migrateDb(db, 'migrations')
    for (let file = 0; file < scale.files; file++) await writeRaw(root, file, scale.bytesEach, 0)
    await recordHashes(db, DATASET, hashesOf(scale))
    await db.write([sql`CREATE TABLE ballast (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)`])
    for (let mb = 0; mb < scale.databaseMb; mb++) {
      await db.write([
        sql`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO ballast (bytes) SELECT randomblob(1000) FROM n`,
      ])
    }
    let now = Date.now()
    const run = async () => {
      now += NIGHT_MS
      let stall = 0
      let peak = 0
      const [done, ms] = await timed(async (): Promise<BackupDone> => {
        const steps = backup({
          folder: join(home, 'disk'),
          lake,
          db,
          configFiles: [],
          keep: { daily: 14, weekly: 8, monthly: 24 },
          acceptNew: false,
          version: 'bench',
          missingMount: async () => null,
          now: () => now,
          log: () => undefined,
        })
        for (;;) {
          const loop = watchLoop()
          const { done, value } = await steps.next()
          const longest = loop.stop()
          peak = Math.max(peak, process.memoryUsage().rss)
          if (done) return value
          if (value.place === 'database') stall = longest
        }
      })
      return { done, seconds: ms / 1_000, stall, peak }
    }
    const first = await run()
    for (let file = 0; file < scale.changed; file++) await writeRaw(root, file * 7, scale.bytesEach, 1)
    await recordHashes(db, DATASET, hashesOf(scale, 1))
    const second = await run()
    const [restored, restoreMs] = await timed(async () => {
      const steps = restore({ from: join(home, 'disk'), root: join(home, 'restored'), now: Date.now })
      for (;;) {
        const { done, value } = await steps.next()
        if (done) return value
      }
    })
    const listed = await readdir(join(home, 'disk/snapshots'))
    const rawBytes = second.done.bytes - (second.done.databaseBytes ?? 0)
    return [
      figure('first backup: seconds', first.seconds, 's'),
      figure('first backup: files a second', scale.files / first.seconds, 'files/s'),
      figure('first backup: seconds of 1,000 files', (1_000 * first.seconds) / scale.files, 's'),
      figure('second backup: seconds', second.seconds, 's'),
      figure(
        'second backup: new raw bytes over those that changed',
        second.done.newBytes / (scale.changed * scale.bytesEach),
        'x',
        1.01,
      ),
      figure('second backup: new files over those that changed', second.done.newFiles / scale.changed, 'x', 1),
      figure('database: megabytes', (second.done.databaseBytes ?? 0) / 1e6, 'MB'),
      figure('database: longest stop of the event loop', Math.max(first.stall, second.stall), 'ms', MOST_STALL_MS),
      figure('peak memory', Math.max(first.peak, second.peak) / 1e6, 'MB', 1_000),
      figure('restore: seconds', restoreMs / 1_000, 's'),
      figure('restore: megabytes a second', restored.bytes / 1e6 / (restoreMs / 1_000), 'MB/s'),
      figure(
        'restore: files lost',
        restored.lost.length + (restored.bytes === rawBytes + (second.done.databaseBytes ?? 0) ? 0 : 1),
        'files',
        0,
      ),
      figure('snapshots', listed.length, 'snapshots', 2),
    ]
  } finally {
    db.close()
    await closeLake(lake)
    await rm(home, { recursive: true, force: true })
  }
}

const placeOf = (file: number) => ({
  dt: addDays('2024-01-02', Math.floor(file / SYMBOLS)),
  symbol: `S${file % SYMBOLS}`,
})

/** Unlike any other file's, and not to be packed. */
function contentOf(file: number, bytes: number, version: number): Buffer {
  const content = Buffer.alloc(bytes, `${file} `)
  content.write(`version ${version} of ${file} `)
  return content
}

async function writeRaw(root: string, file: number, bytes: number, version: number): Promise<void> {
  const { dt, symbol } = placeOf(file)
  const folder = join(root, `raw/alpaca/${DATASET}/date=${dt}/symbol=${symbol}`)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'data.parquet'), contentOf(file, bytes, version))
}

function hashesOf({ files, bytesEach, changed }: BackupScale, version = 0) {
  const all = Array.from({ length: version === 0 ? files : changed }, (_, at) => (version === 0 ? at : at * 7))
  return all.map((file) => ({
    ...placeOf(file),
    vendor: 'alpaca',
    hash: sha256(contentOf(file, bytesEach, version)),
  }))
}
