/** All guards, by area: one file each. */
import { ACTION_GUARDS } from './actions.ts'
import { BACKUP_GUARDS } from './backup.ts'
import { COMPACTION_GUARDS } from './compaction.ts'
import { CURATION_GUARDS } from './curation.ts'
import { EXPORT_GUARDS } from './export.ts'
import type { Guard } from './guard.ts'
import { MACHINE_GUARDS } from './machine.ts'
import { PULL_GUARDS } from './pull.ts'
import { READING_GUARDS } from './reading.ts'
import { RECOVERY_GUARDS } from './recovery.ts'
import { VERIFY_GUARDS } from './verify.ts'

export const GUARDS: Guard[] = [
  ...ACTION_GUARDS,
  ...BACKUP_GUARDS,
  ...COMPACTION_GUARDS,
  ...CURATION_GUARDS,
  ...EXPORT_GUARDS,
  ...MACHINE_GUARDS,
  ...PULL_GUARDS,
  ...READING_GUARDS,
  ...RECOVERY_GUARDS,
  ...VERIFY_GUARDS,
]
