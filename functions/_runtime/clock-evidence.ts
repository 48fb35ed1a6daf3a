/** What there is besides the clock itself to tell whether it is right: when the program was built, and what the system says. */
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { instantsOfMigrations } from '../../db/migrate.ts'

export interface ClockEvidence {
  /** Epoch ms before which this program cannot have run. */
  builtAt: number
  /** Whether the system has set its clock by others; null where nothing says so. */
  isSynchronised(): Promise<boolean | null>
}

/** Where systemd-timesyncd keeps its state: the folder while it runs, the file in it once it has set the clock. */
const TIMESYNC_FOLDER = '/run/systemd/timesync'

/** A build by a machine whose clock was a little ahead. */
const BUILD_TOLERANCE_MS = 86_400_000

/**
 * The newest migration stands for the build: it is in a checkout, in an image and in a package, and nobody's clock touches it. `timesync` is
 * the folder of systemd-timesyncd; another time service shows nothing that can be read without asking it.
 */
export async function systemClockEvidence(root: string, timesync: string = TIMESYNC_FOLDER): Promise<ClockEvidence> {
  const migrations = instantsOfMigrations(join(root, 'migrations'))
  return {
    builtAt: Math.max(...migrations.map(({ when }) => when)) - BUILD_TOLERANCE_MS,
    isSynchronised: async () => {
      if (await exists(join(timesync, 'synchronized'))) return true
      return (await exists(timesync)) ? false : null
    },
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
