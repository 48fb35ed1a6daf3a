/** What the environment says about backups, and the files of the configuration that belong to one. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { BackupSettings } from '../_http/node.ts'
import { type MountFiles, unmountedPoint } from './mounts.ts'
import type { Settings } from './settings.ts'

export function backupSettings(settings: Settings, mounts?: MountFiles): BackupSettings {
  const { configDir, universe, cronFile } = settings
  const inFolder = ['vendor_capabilities.yaml', 'datasets.yaml', 'qc.yaml'].map((name) => join(configDir, name))
  const notifications = join(configDir, 'notifications.yaml')
  return {
    folder: settings.backupRoot,
    configFiles: [
      ...inFolder,
      // A folder of an older version has no such file.
      ...(existsSync(notifications) ? [notifications] : []),
      universe ?? join(configDir, 'universe.yaml'),
      cronFile,
    ],
    maxAgeDays: settings.backupMaxAgeDays,
    missingMount: (path) => unmountedPoint(path, mounts),
  }
}
