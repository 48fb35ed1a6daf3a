/** Guards of curated files, the ledger and bundles: nothing is replaced by less, and nothing is believed that was not checked. */
import type { Guard } from './guard.ts'

const LOST = 'test/scenarios/lost-files.long.test.ts'
const FRAGMENTS = 'test/export/stage-fragments.test.ts'
const KNOWN = 'test/export/known-files.test.ts'
const LACKING = 'test/export/lacking.long.test.ts'
const WAITING = 'test/scenarios/waiting-partitions.test.ts'
const PARTITIONS = 'test/db/partitions/partitions.test.ts'

const OLDER = 'test/scenarios/bundles-of-older-days.test.ts'

export const EXPORT_GUARDS: Guard[] = [
  {
    name: 'A bundle of an older day has no statement and no value that came later',
    file: 'functions/curate-partition/as-of.ts',
    find: 'const known = has(since)',
    replace: "const known = has('')",
    test: OLDER,
  },
  {
    name: 'What was withdrawn after the day of a bundle stands in it',
    file: 'functions/curate-partition/as-of.ts',
    find: "const shown = has('withdrawn')",
    replace: "const shown = has('')",
    test: OLDER,
  },
  {
    name: 'A bundle of an older day says of instruments what was said then',
    file: 'functions/export/instruments-as-of.ts',
    find: 'isOlder ? await instrumentsAsOf',
    replace: 'false ? await instrumentsAsOf',
    test: OLDER,
  },
  {
    name: 'A curated file that is not the recorded one is not staged',
    file: 'functions/export/stage-vouched.ts',
    find: 'if (found.sha256 === recorded) return {',
    replace: 'if (found.sha256 !== null) return {',
    test: LOST,
  },
  {
    name: 'A ledger fragment that is not the recorded one is not read',
    file: 'functions/export/stage-fragments.ts',
    find: 'if (found.sha256 === sha256) return',
    replace: 'if (found.sha256 !== null) return',
    test: LOST,
  },
  {
    name: 'A ledger fragment that was written since the ledger, or whose turn it is, is hashed again',
    file: 'functions/export/stage-fragments.ts',
    find: 'if (isTurn(place, asof) || !(await isOlder(path, ledger.writtenAt)))',
    replace: 'if (false)',
    test: FRAGMENTS,
  },
  {
    name: 'A ledger fragment is hashed before it is read',
    file: 'functions/export/stage-fragments.ts',
    find: 'if (unread.length === 0) break',
    replace: 'break',
    test: FRAGMENTS,
  },
  {
    name: 'A part of the ledger whose bytes are others is not copied',
    file: 'functions/_ledger/ledger-parts.ts',
    find: 'if ((await copiedBytes(handle, part)) === part.sha256) parts.push(part)',
    replace: 'parts.push(part)',
    test: 'test/_ledger/ledger.test.ts',
  },
  {
    name: 'A part of the ledger is not made of a fragment that became another after it was hashed',
    file: 'functions/_ledger/write-parts.ts',
    find: 'if ((await sha256OfFile(fragment.path)) !== fragment.sha256)',
    replace: 'if (false)',
    test: 'test/_ledger/ledger.test.ts',
  },
  {
    name: 'A curated file that was written since an earlier bundle is hashed again',
    file: 'functions/export/known-files.ts',
    find: 'isSame && now.mtimeNs < place.mtimeNs ?',
    replace: 'isSame ?',
    test: KNOWN,
  },
  {
    name: 'A curated file is hashed when its turn comes, whatever is known of it',
    file: 'functions/export/known-files.ts',
    find: ' || isTurn(path, asof)',
    replace: '',
    test: KNOWN,
  },
  {
    name: 'Damaged files are made again before a bundle goes without them',
    file: 'functions/export/bundle.ts',
    find: 'await request.rebuild(first.vouchers.damaged, failed)',
    replace: '',
    test: LOST,
  },
  {
    name: 'A poorer bundle does not take the place of the better one of its day',
    file: 'functions/export/bundle.ts',
    find: 'isPoorer: before.standing !== null && !acceptLacking',
    replace: 'isPoorer: false',
    test: LACKING,
  },
  {
    name: 'Latest does not move to a bundle that lacks cells',
    file: 'functions/export/manifest.ts',
    find: 'if (manifest.lacking == null || manifest.lacking.accepted) return day',
    replace: 'return day',
    test: LACKING,
  },
  {
    name: 'Only an absence that says the cell was withdrawn excuses it',
    file: 'functions/export/lacking.ts',
    find: "AND coalesce(n.reason, '') NOT IN",
    replace: "AND n.reason IS NULL AND '' NOT IN",
    test: LACKING,
  },
  {
    name: 'A bundle whose ledger was damaged is not the better one',
    file: 'functions/export/lacking.ts',
    find: ' || (await hashIfThere(old)) !== recorded',
    replace: '',
    test: LACKING,
  },
  {
    name: 'A lost cell is not counted as a good one',
    file: 'functions/export/bundle.ts',
    find: 'trimLedger(lake, staging, leftOutOf({ incomplete }), asof)',
    replace: 'trimLedger(lake, staging, [], asof)',
    test: LOST,
  },
  {
    name: 'The files of a bundle cannot be written by mistake',
    file: 'functions/export/swap.ts',
    find: 'await chmod(path, READ_ONLY)',
    replace: 'await Promise.resolve()',
    test: LOST,
  },
  {
    name: 'A curated file that is not the recorded one is not judged',
    file: 'functions/qc-partition/judge.ts',
    find: 'if (sha256 !== recorded) throw',
    replace: 'if (false) throw',
    test: WAITING,
  },
  {
    name: 'A step that leaves work behind is not ok',
    file: 'functions/_runtime/run-chain.ts',
    find: 'if (ending.ok && left !== undefined)',
    replace: 'if (false)',
    test: 'test/_runtime/invoker.test.ts',
  },
  {
    name: 'A step does not wait longer for one instant than it may',
    file: 'functions/_runtime/run-chain.ts',
    find: ' || pause > (step.wait ?? Number.POSITIVE_INFINITY)',
    replace: '',
    test: 'test/_runtime/invoker.test.ts',
  },
  {
    name: 'A partition that waits is not taken for nothing to do',
    file: 'functions/_http/handler.ts',
    find: ': { more: false, nextAt, left }',
    replace: ': { more: false, nextAt: null, left }',
    test: WAITING,
  },
  {
    name: 'A partition that always fails waits longer each time',
    file: 'db/partitions/fail-partition.ts',
    find: '<< min(failures, ',
    replace: '<< min(0, ',
    test: PARTITIONS,
  },
  {
    name: 'A disk that damages a curated file each time does not have it made without end',
    file: 'db/partitions/fail-partition.ts',
    find: 'CASE failures WHEN 0 THEN 0 ELSE',
    replace: 'CASE failures WHEN failures THEN 0 ELSE',
    test: PARTITIONS,
  },
  {
    name: 'An ending under a lapsed lease changes nothing',
    file: 'db/partitions/fail-partition.ts',
    find: ' AND lease_token = ',
    replace: ' OR lease_token = ',
    test: PARTITIONS,
  },
  {
    name: 'A retired partition is made again when it is expected again',
    file: 'db/partitions/partitions.ts',
    find: ' OR partitions.retired_at IS NOT NULL',
    replace: '',
    test: PARTITIONS,
  },
]
