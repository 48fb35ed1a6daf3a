/** Every case there is, by its name, in the order in which they run. A case that is not in this list does not run. */
import type { Case } from '../case.ts'
import { adjustedFlagColumn } from './adjusted-flag-column.ts'
import { clockAheadOnce } from './clock-ahead-once.ts'
import { clockAt1970 } from './clock-at-1970.ts'
import { curatedBitFlips } from './curated-bit-flips.ts'
import { curatedFileCut } from './curated-file-cut.ts'
import { curatedFileDeleted } from './curated-file-deleted.ts'
import { curatedFolderDeleted } from './curated-folder-deleted.ts'
import { curatedThroughHardLink } from './curated-through-hard-link.ts'
import { curationRefusedOnce } from './curation-refused-once.ts'
import { dailyStampOfTheClose } from './daily-stamp-of-the-close.ts'
import { databaseDeleted } from './database-deleted.ts'
import { databaseHeaderDamaged } from './database-header-damaged.ts'
import { databasePagesZeroed } from './database-pages-zeroed.ts'
import { databaseRemovedUnderNode } from './database-removed-under-node.ts'
import { deviceNameTickers } from './device-name-tickers.ts'
import { diskFull } from './disk-full.ts'
import { emptyRootForFilledOne } from './empty-root-for-filled-one.ts'
import { fewOpenFiles } from './few-open-files.ts'
import { killedNights } from './killed-nights.ts'
import { killedWeeks } from './killed-weeks.ts'
import { ledgerBitFlips } from './ledger-bit-flips.ts'
import { ledgerDeleted } from './ledger-deleted.ts'
import { ledgerPartDeleted } from './ledger-part-deleted.ts'
import { logLeftAtStop } from './log-left-at-stop.ts'
import { manifestBitFlips } from './manifest-bit-flips.ts'
import { manifestEndLost } from './manifest-end-lost.ts'
import { manifestLineReplaced } from './manifest-line-replaced.ts'
import { manifestNuls } from './manifest-nuls.ts'
import { manifestsDeleted } from './manifests-deleted.ts'
import { naiveNewYorkStamps } from './naive-new-york-stamps.ts'
import { nanForNothing } from './nan-for-nothing.ts'
import { otherVendorsKey } from './other-vendors-key.ts'
import { pageTakenForScript } from './page-taken-for-script.ts'
import { rawBitFlips } from './raw-bit-flips.ts'
import { rawFileCut } from './raw-file-cut.ts'
import { rawFolderDeleted } from './raw-folder-deleted.ts'
import { refusedFileTravels } from './refused-file-travels.ts'
import { refusedYieldTravels } from './refused-yield-travels.ts'
import { rootBelowAPartitionFolder } from './root-below-a-partition-folder.ts'
import { rootRemovedUnderNode } from './root-removed-under-node.ts'
import { rootWithGlobCharacters } from './root-with-glob-characters.ts'
import { slowClientAtStop } from './slow-client-at-stop.ts'
import { vwapZeroForUnknown } from './vwap-zero-for-unknown.ts'

export const CASES: Record<string, Case> = {
  'curated-folder-deleted': curatedFolderDeleted,
  'curated-file-deleted': curatedFileDeleted,
  'curated-file-cut': curatedFileCut,
  'curated-through-hard-link': curatedThroughHardLink,
  'ledger-deleted': ledgerDeleted,
  'ledger-part-deleted': ledgerPartDeleted,
  'raw-folder-deleted': rawFolderDeleted,
  'raw-file-cut': rawFileCut,
  'root-removed-under-node': rootRemovedUnderNode,
  'empty-root-for-filled-one': emptyRootForFilledOne,
  'database-removed-under-node': databaseRemovedUnderNode,
  'database-header-damaged': databaseHeaderDamaged,
  'database-pages-zeroed': databasePagesZeroed,
  'database-deleted': databaseDeleted,
  'manifest-line-replaced': manifestLineReplaced,
  'manifest-nuls': manifestNuls,
  'manifest-end-lost': manifestEndLost,
  'manifests-deleted': manifestsDeleted,
  'curation-refused-once': curationRefusedOnce,
  'clock-ahead-once': clockAheadOnce,
  'clock-at-1970': clockAt1970,
  'disk-full': diskFull,
  'slow-client-at-stop': slowClientAtStop,
  'log-left-at-stop': logLeftAtStop,
  'other-vendors-key': otherVendorsKey,
  'page-taken-for-script': pageTakenForScript,
  'few-open-files': fewOpenFiles,
  'refused-file-travels': refusedFileTravels,
  'refused-yield-travels': refusedYieldTravels,
  'adjusted-flag-column': adjustedFlagColumn,
  'root-below-a-partition-folder': rootBelowAPartitionFolder,
  'root-with-glob-characters': rootWithGlobCharacters,
  'naive-new-york-stamps': naiveNewYorkStamps,
  'daily-stamp-of-the-close': dailyStampOfTheClose,
  'nan-for-nothing': nanForNothing,
  'vwap-zero-for-unknown': vwapZeroForUnknown,
  'device-name-tickers': deviceNameTickers,
  'raw-bit-flips': rawBitFlips,
  'curated-bit-flips': curatedBitFlips,
  'ledger-bit-flips': ledgerBitFlips,
  'manifest-bit-flips': manifestBitFlips,
  'killed-nights': killedNights,
  'killed-weeks': killedWeeks,
}
