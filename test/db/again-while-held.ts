/** Opening a database file again in the process that has just closed it, as a restart would. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { DatabaseBusyError } from '../../db/client.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** libSQL lets go of a closed file only when its handles are garbage; a node that is restarted is a new process, a test is not. */
export async function againWhileHeld<T>(open: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    collectGarbage()
    await new Promise((resolve) => setImmediate(resolve))
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof DatabaseBusyError) || tries === 20) throw error
    }
  }
}
