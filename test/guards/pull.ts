/** Guards of bundles on their way: nothing that a bundle does not list leaves the node, and nothing unverified is placed on the other side. */
import type { Guard } from './guard.ts'

const HOSTILE = 'test/exports/request-path.test.ts'
const SERVED = 'test/exports/index.test.ts'
const VERSIONS = 'test/exports/bundles.test.ts'
const PULL = 'test/pull/client/pull.long.test.ts'
const LOCK = 'test/pull/client/folder-lock.test.ts'

export const PULL_GUARDS: Guard[] = [
  {
    name: 'A part of an earlier ledger is hashed before it is copied',
    file: 'functions/pull/client/local-parts.ts',
    find: "if (!isRead || hash.digest('hex') !== sha256) return false",
    replace: 'if (!isRead) return false',
    test: 'test/pull/client/local-parts.test.ts',
  },
  {
    name: 'A file of a bundle that is a link is not served',
    file: 'functions/exports/open-listed.ts',
    find: 'constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK',
    replace: 'constants.O_RDONLY | constants.O_NONBLOCK',
    test: HOSTILE,
  },
  {
    name: 'A folder of a bundle that is a link is not followed',
    file: 'functions/exports/open-listed.ts',
    find: 'if (place !== join(realFolder, dirname(file.path)))',
    replace: 'if (place === null)',
    test: HOSTILE,
  },
  {
    name: 'A proof that names files outside its folder is no proof',
    file: 'functions/exports/bundle-listing.ts',
    find: 'if (!isBundlePath(path) || path === SUMS || sums.has(path)) return null',
    replace: 'if (path === SUMS || sums.has(path)) return null',
    test: HOSTILE,
  },
  {
    name: 'A file is closed when its client leaves',
    file: 'functions/exports/piece-stream.ts',
    find: 'cancel: close,',
    replace: '',
    test: SERVED,
  },
  {
    name: 'A file that was opened after a bundle was replaced is looked up again',
    file: 'functions/exports/open-listed.ts',
    find: 'if (now !== identity) throw new BundleMoved(file.path)',
    replace: '',
    test: 'test/exports/open-listed.test.ts',
  },
  {
    name: 'A replaced bundle stays for whoever reads it',
    file: 'functions/export/swap.ts',
    find: 'if (isReplacing) await keepReplaced(exportRoot, asof, aside, now)',
    replace: 'if (isReplacing) await rm(aside, { recursive: true, force: true })',
    test: VERSIONS,
  },
  {
    name: 'A path of a hostile node stays within the folder',
    file: 'functions/pull/client/proof.ts',
    find: 'if (!isSafePath(path) || path === SUMS_NAME || hashes.has(path))',
    replace: 'if (path === SUMS_NAME || hashes.has(path))',
    test: PULL,
  },
  {
    name: 'Content whose hash is another is not placed',
    file: 'functions/pull/client/blobs.ts',
    find: "if (length !== bytes || hash.digest('hex') !== sha256) {",
    replace: 'if (length !== bytes) {',
    test: PULL,
  },
  {
    name: 'A file of an earlier bundle is hashed before it is linked',
    file: 'functions/pull/client/pull.ts',
    find: '(await hashOfFile(path, signal)) === sha256',
    replace: '(await sizeOf(path)) >= 0',
    test: PULL,
  },
  {
    name: 'A second pull does not take the folder of a living one',
    file: 'functions/pull/client/folder-lock.ts',
    find: 'if (holder !== null && (await isAlive(holder, path)))',
    replace: 'if (holder === null)',
    test: LOCK,
  },
]
