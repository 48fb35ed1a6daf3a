/** Every check there is, in the order in which they run: names first, then footers and lines, then bytes. A check that is not in this list does not run. */
import type { Check } from '../check.ts'
import { check as budgets } from './budgets.ts'
import { check as bundleContents } from './bundle-contents.ts'
import { check as bundleHashes } from './bundle-hashes.ts'
import { check as bundles } from './bundles.ts'
import { check as coverageMasks } from './coverage-masks.ts'
import { check as curatedFiles } from './curated-files.ts'
import { check as curatedHashes } from './curated-hashes.ts'
import { check as curatedRows } from './curated-rows.ts'
import { check as databasePages } from './database-pages.ts'
import { check as decisions } from './decisions.ts'
import { check as ledgerCells } from './ledger-cells.ts'
import { check as ledgerFiles } from './ledger-files.ts'
import { check as manifestLines } from './manifest-lines.ts'
import { check as manifestMarks } from './manifest-marks.ts'
import { check as queue } from './queue.ts'
import { check as rawDigests } from './raw-digests.ts'
import { check as rawFiles } from './raw-files.ts'
import { check as rawFooters } from './raw-footers.ts'
import { check as secrets } from './secrets.ts'
import { check as tempLitter } from './temp-litter.ts'

export const CHECKS: readonly Check[] = [
  bundles,
  queue,
  budgets,
  manifestMarks,
  tempLitter,
  curatedFiles,
  ledgerFiles,
  coverageMasks,
  rawFiles,
  databasePages,
  bundleContents,
  decisions,
  ledgerCells,
  curatedRows,
  manifestLines,
  rawFooters,
  bundleHashes,
  curatedHashes,
  rawDigests,
  secrets,
]
