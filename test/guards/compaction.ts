/** Guards of compaction, and of reading days that were compacted. */
import type { Guard } from './guard.ts'

const KILLED = 'test/compact/compact-day.long.test.ts'
const CALLS = 'test/compact/index.long.test.ts'
const LATER = 'test/scenarios/compacted-days.test.ts'

export const COMPACTION_GUARDS: Guard[] = [
  {
    name: 'A compacted day is not read twice: the own file of a cell counts before the shared one in curation',
    file: 'functions/curate-partition/versions.ts',
    find: 'shadowed.length === 0',
    replace: 'shadowed.length >= 0',
    test: LATER,
  },
  {
    name: 'Duplicates that QC counts are those of the file that counts',
    file: 'functions/qc-partition/raw-duplicates.ts',
    find: 'shadowed.length === 0 ? null : shadow',
    replace: 'null',
    test: LATER,
  },
  {
    name: 'A compaction and an answer do not write the same day at once',
    file: 'functions/compact/compact-day.ts',
    find: '{day.vendor} $',
    replace: '{Math.random()} $',
    test: KILLED,
  },
  {
    name: 'A file that is not what was written is not compacted',
    file: 'functions/compact/day-files.ts',
    find: "if (!isExpected(hash, known.get(symbol))) return { why: 'damaged', paths: [path] }",
    replace: '',
    test: CALLS,
  },
  {
    name: 'A file that nobody accepted leaves its day alone',
    file: 'functions/compact/day-files.ts',
    find: '!accepted.has(symbol) || files.length > 1',
    replace: 'files.length > 1',
    test: CALLS,
  },
  {
    name: 'Hashes that changed since the files were read are not replaced',
    file: 'db/raw-files/share-file.ts',
    find: 'const isAsRead = sql`(',
    replace: 'const isAsRead = sql`true OR (',
    test: 'test/db/raw-files/share-file.test.ts',
  },
  {
    name: 'A month that a re-read may reach is not compacted',
    file: 'functions/compact/candidates.ts',
    find: 'monthOf(dt) >= open',
    replace: "monthOf(dt) > open + '~'",
    test: CALLS,
  },
  {
    name: 'A day whose partition waits for curation or QC is not compacted',
    file: 'db/partitions/lease-settled.ts',
    find: 'AND lease_expires_at <= $',
    replace: 'OR lease_expires_at <= $',
    test: CALLS,
  },
  {
    name: 'A change in a compacted day does not write the shared file again',
    file: 'functions/_lake/write-cells.ts',
    find: "if (spec.raw_layout !== 'date' && isWritten(decision) && isOfDay(path)) path = target",
    replace: '',
    test: LATER,
  },
  {
    name: 'For a new symbol the shared file of a compacted day is not read',
    file: 'functions/_lake/write-batches.ts',
    find: "if (spec.raw_layout !== 'date') await leaveCompacted(root, placed.flat(), hashes)",
    replace: '',
    test: LATER,
  },
  {
    name: 'An old copy of a cell beside the shared file must prove itself',
    file: 'functions/_recovery/recorded-hashes.ts',
    find: "known.has(fileKey({ ...key, symbol: '' })) ? UNPROVEN : undefined",
    replace: "known.has(fileKey({ ...key, symbol: '' })) ? undefined : undefined",
    test: LATER,
  },
  {
    name: 'A file that was compacted while a reader had it listed is not lost',
    file: 'functions/_recovery/set-aside.ts',
    find: 'if (place.symbol !== null && (await isInDayFile(context, spec, place, storedVersions))) {',
    replace: 'if (place.symbol === null && (await isInDayFile(context, spec, place, storedVersions))) {',
    test: LATER,
  },
  {
    name: 'A rebuild knows the shared file of a compacted day, and no file that it replaced',
    file: 'functions/_recovery/replay-manifests.ts',
    find: 'for (const [path, { dt }] of files) if (dt === line.dt) files.delete(path)',
    replace: '',
    test: CALLS,
  },
  {
    name: 'What a killed compaction left is removed by the next one',
    file: 'functions/compact/candidates.ts',
    find: 'if (own.some(isCopy)) return true',
    replace: 'if (own.some(isCopy)) return false',
    test: KILLED,
  },
]
