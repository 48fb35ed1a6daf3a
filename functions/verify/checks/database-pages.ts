/** I4: the pages of the database itself are whole. */
import { checkPages, databaseBytes } from '../../../db/check-pages.ts'
import type { Check, VerifyContext } from '../check.ts'

type Kind = 'database-damaged' | 'database-not-checked'

/** Looking at all pages of a larger one would hold up a node at work. */
const MOST_LIVE_BYTES = 64 * 1024 * 1024
const MOST_FAULTS = 20

export const check: Check<Kind, VerifyContext> = {
  id: 'database-pages',
  about: 'every page of the database, by its own check',
  mode: 'exact',
  needsDb: false,
  kinds: {
    'database-damaged': {
      invariant: 'I4',
      severity: 'warning',
      means: 'the database is damaged or gone',
      todo: 'The next start rebuilds it from the manifests and files; a damaged one is set aside.',
    },
    'database-not-checked': {
      invariant: 'I4',
      severity: 'info',
      means: 'the database is too large to be checked while a node works with it',
      todo: 'Stop the node and run verify again to have its pages checked.',
    },
  },
  places: async () => ['node.db'],
  async look({ db, dbFault, isLive }, place, report) {
    if (db === null) {
      if (dbFault !== null) report('database-damaged', place, 'a database', dbFault)
      return 0
    }
    const bytes = await databaseBytes(db)
    if (isLive && bytes > MOST_LIVE_BYTES) {
      report('database-not-checked', place, `at most ${MOST_LIVE_BYTES} bytes`, `${bytes}`)
      return 0
    }
    for (const fault of await checkPages(db, 'quick', MOST_FAULTS))
      report('database-damaged', place, 'whole pages', fault)
    return 1
  },
}
