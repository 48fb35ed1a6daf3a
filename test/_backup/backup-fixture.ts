/** A data root in a temp folder without a node: raw files, manifests, a ledger, a configuration; and backups of it, step by step. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Db } from '../../db/client.ts'
import { type BackupDone, type BackupTerms, backup } from '../../functions/_backup/backup.ts'
import { type Restored, type RestoreTerms, restore } from '../../functions/_backup/restore.ts'
import { closeLake, openLake } from '../../functions/_lake/lake.ts'
import { tempFolder } from '../db/temp-db.ts'

export const NOW = Date.UTC(2026, 10, 30, 21, 0)
export const ID = 'volume-of-the-test'

export interface BackupFixture {
  home: string
  root: string
  target: string
  write(path: string, text: string): Promise<void>
  backup(more?: Partial<BackupTerms>): Promise<BackupDone>
  /** Takes so many steps and is then cut off, as by a signal that lets the process clean up. */
  cutOff(steps: number, more?: Partial<BackupTerms>): Promise<void>
  restore(more?: Partial<RestoreTerms>): Promise<Restored>
}

export const rawPath = (month: string, day: string, symbol: string): string =>
  `raw/alpaca/equities_bars_minute/date=${month}-${day}/symbol=${symbol}/data.parquet`

export async function backupFixture(db: Db | null = null): Promise<BackupFixture> {
  const home = await tempFolder()
  const root = join(home, 'data')
  const target = join(home, 'disk')
  const lake = openLake({ root, exportRoot: join(home, 'exports') })
  onTestFinished(() => closeLake(lake))
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  await write('.volume-id', `${ID}\n`)
  await write('config-in-use/datasets.yaml', 'datasets: {}\n')
  for (const month of ['2025-01', '2025-02'])
    for (const day of ['02', '03']) await write(rawPath(month, day, 'AAPL'), `bars of ${month}-${day}`)
  await write('raw/fred/macro_treasury/date=2025-01-02/data.parquet', 'yields')
  await write('manifests/alpaca/equities_bars_minute/manifest-2025-02-03.jsonl', '')
  await write('qc/partition_status.parquet', 'ledger')
  await write('curated/equities_bars_minute/date=2025-01-02/data.parquet', 'curated')
  const terms = (more: Partial<BackupTerms>): BackupTerms => ({
    folder: target,
    lake,
    db,
    configFiles: [join(root, 'config-in-use/datasets.yaml'), join(root, 'config-in-use/.env')],
    keep: { daily: 14, weekly: 8, monthly: 24 },
    acceptNew: false,
    version: '1.2.3',
    missingMount: async () => null,
    now: () => NOW,
    log: () => undefined,
    ...more,
  })
  return {
    home,
    root,
    target,
    write,
    async backup(more = {}) {
      const steps = backup(terms(more))
      for (;;) {
        const { done, value } = await steps.next()
        if (done) return value
      }
    },
    async cutOff(count, more = {}) {
      const steps = backup(terms(more))
      for (let step = 0; step < count; step++) await steps.next()
      await steps.return(undefined as never)
    },
    async restore(more = {}) {
      const steps = restore({ from: target, root: join(home, 'restored'), now: () => NOW, ...more })
      for (;;) {
        const { done, value } = await steps.next()
        if (done) return value
      }
    },
  }
}
