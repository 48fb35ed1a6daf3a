/** Guards of `verify`: what keeps it from believing what is not so, and from changing what it looks at. */
import type { Guard } from './guard.ts'

export const VERIFY_GUARDS: Guard[] = [
  {
    name: 'Of a node at work verify believes only what it finds twice',
    file: 'functions/verify/verify.ts',
    find: 'if (!context.isLive || found.length === 0) return found',
    replace: 'if (found.length >= 0) return found',
    test: 'test/verify/verify.test.ts',
  },
  {
    name: 'A root on which a node works is not read behind its back',
    file: 'functions/verify/dead-root.ts',
    find: 'if (await isRootInUse(root)) throw new RootInUse(root)',
    replace: '',
    test: 'test/verify/verify.test.ts',
  },
  {
    name: 'What was found is thrown away when the database changed meanwhile',
    file: 'functions/verify/dead-root.ts',
    find: 'if ((await isRootInUse(root)) || (await stampOf(root)) !== before) throw new RootInUse(root)',
    replace: '',
    test: 'test/verify/verify.test.ts',
  },
  {
    name: 'A database with a write-ahead log is copied, not opened where it lies',
    file: 'functions/verify/dead-root.ts',
    find: '-wal`)) ?? 0) > 0\n',
    replace: '-wal`)) ?? 0) < 0\n',
    test: 'test/verify/verify.test.ts',
  },
  {
    name: 'A place that cannot be looked at is told, and does not end the run',
    file: 'functions/verify/verify.ts',
    find: 'verified.failures.push({ check: check.id, place, error: textOf(error) })',
    replace: 'throw error',
    test: 'test/verify/verify.test.ts',
  },
  {
    name: 'A cursor that no call gave out is refused',
    file: 'functions/verify/verify.ts',
    find: 'if (space < 0 || at < 0) throw new UnknownCursor(cursor)',
    replace: '',
    test: 'test/verify/verify.test.ts',
  },
  {
    name: 'Nothing found does not pass for nothing wrong when checks did not run',
    file: 'functions/verify/report.ts',
    find: 'if (verified.failures.length > 0 || verified.skipped.length > 0) return 3',
    replace: '',
    test: 'test/verify/verify.test.ts',
  },
  {
    name: 'A bundle that leaves out a vouched cell without a word is found',
    file: 'functions/verify/checks/bundle-contents.ts',
    find: 'else if (manifest.complete !== false',
    replace: 'else if (false',
    test: 'test/scenarios/damaged-roots.test.ts',
  },
  {
    name: 'A version that no manifest tells of is found',
    file: 'functions/verify/checks/raw-digests.ts',
    find: 'if (!index.tellsOf(symbol, dt))',
    replace: 'if (false)',
    test: 'test/scenarios/damaged-roots.test.ts',
  },
  {
    name: 'Verify is answered while nothing may be written',
    file: 'functions/_http/write-gate.ts',
    find: ' && !READERS.has(path)',
    replace: '',
    test: 'test/verify/verify.test.ts',
  },
  {
    name: 'Manifests that were removed before a start had read them are noticed',
    file: 'functions/_recovery/repair-manifests.ts',
    find: 'return cut + (await noteUnreadManifests(context))',
    replace: 'return cut',
    test: 'test/_recovery/repair-manifests.test.ts',
  },
  {
    name: 'A partition is curated again when a refused version has another one beside it',
    file: 'db/findings/record-judgement.ts',
    find: 'anyHeld ? hasAnotherVersion(dataset, found) : sql`0`',
    replace: 'sql`0`',
    test: 'test/db/findings/record-judgement.test.ts',
  },
]
