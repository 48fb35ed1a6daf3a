/** Guards of backups and of retention: what a backup must not miss, and what must not be removed. */
import type { Guard } from './guard.ts'

export const BACKUP_GUARDS: Guard[] = [
  {
    name: 'A backup has the raw files that were written while it was made',
    file: 'functions/_backup/tail.ts',
    find: '    await copyAll(lake.root, await writtenBetween(lake, known, now), copy)\n',
    replace: '',
    test: 'test/scenarios/backup-restore.test.ts',
  },
  {
    name: 'The file of the database stays as it is while it is copied',
    file: 'db/hold-still.ts',
    find: 'PRAGMA wal_autocheckpoint = 0`',
    replace: 'PRAGMA wal_autocheckpoint = 1`',
    test: 'test/db/hold-still.test.ts',
  },
  {
    name: 'A damaged raw file does not replace the good copy in the backup',
    file: 'functions/_backup/copy-place.ts',
    find: 'const isRightKnown = before !== undefined && !isRepaired && isExpected(before.sha256, now)',
    replace: 'const isRightKnown = before !== undefined && isRepaired',
    test: 'test/_backup/backup.long.test.ts',
  },
  {
    name: 'An empty folder in place of the backup disk is not filled',
    file: 'functions/_backup/target.ts',
    find: 'if (isExpected && !acceptNew) {',
    replace: 'if (isExpected && acceptNew) {',
    test: 'test/_backup/backup.long.test.ts',
  },
  {
    name: 'No node starts on a restore that was cut off',
    file: 'functions/_runtime/data-volume.ts',
    find: '  await refuseUnfinished(root)\n',
    replace: '',
    test: 'test/backup/index.test.ts',
  },
  {
    name: 'After a restore the budgets count as spent',
    file: 'functions/_runtime/recover.ts',
    find: '    await assumeBudgetsSpent(node)\n    await forgetRestored',
    replace: '    await forgetRestored',
    test: 'test/scenarios/backup-restore.test.ts',
  },
  {
    name: 'Contents that a snapshot needs are not removed',
    file: 'functions/_backup/drop-snapshots.ts',
    find: 'for (const { sha256 } of await unpackListing(await readBlob(target, listing))) add(sha256)',
    replace: 'await unpackListing(await readBlob(target, listing))',
    test: 'test/_backup/drop-snapshots.test.ts',
  },
  {
    name: 'The bundle that latest points at is not removed',
    file: 'functions/_retention/old-bundles.ts',
    find: '  if (latest !== null) stay.add(latest)\n',
    replace: '',
    test: 'test/_retention/retention.test.ts',
  },
  {
    name: 'A database is copied before it is migrated',
    file: 'functions/_runtime/open-database.ts',
    find: '    if (next) await snapshotBeforeMigration(db, { file: location, before: next.tag.slice(0, 4), log })\n',
    replace: '',
    test: 'test/_runtime/migration-snapshot.test.ts',
  },
]
