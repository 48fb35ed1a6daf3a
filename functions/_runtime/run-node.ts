/** The node as a process: against the real vendors, until a signal or the loss of its folders ends it. */
import { resolve } from 'node:path'
import { checkKeys } from './check-keys.ts'
import { ENV_FILE } from './env-file.ts'
import { missingKeysText } from './missing-keys.ts'
import { type RunningNode, startNode } from './start.ts'

/** Second signal: leave at once. */
const EXIT_INTERRUPTED = 130

/** Starts the node and returns; the process lives on until a signal. Ends it with one sentence on stderr and exit code 1 when it cannot start. */
export async function runNode(env: Record<string, string | undefined>): Promise<void> {
  try {
    const running = await startNode({ env, envFile: resolve(ENV_FILE) })
    const { node, address } = running
    reportMissingKeys(running)
    running.invoker.start()
    running.notifier?.start()
    node.log('start.listening', { address, dataRoot: running.settings.dataRoot })
    stopOnSignal(running)
    running.mustStop.then(fail, fail)
    checkKeys(node).catch((error: unknown) => node.log('start.key_check_failed', { error }))
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error))
  }
}

function fail(sentence: string): never {
  process.stderr.write(`${sentence}\n`)
  process.exit(1)
}

function reportMissingKeys({ node, address }: RunningNode): void {
  if (node.vendors.some(({ missing }) => missing.length === 0)) return
  if (node.vendors.length === 0) return void process.stderr.write('No vendor is enabled in vendor_capabilities.yaml.\n')
  process.stderr.write(
    `No vendor has its keys: set ${missingKeysText(node.vendors)} in .env or in the environment (see config/.env.example). Status is served at ${address}/status\n`,
  )
}

function stopOnSignal(running: RunningNode): void {
  let stopping = false
  const onSignal = (): void => {
    if (stopping) process.exit(EXIT_INTERRUPTED)
    stopping = true
    running.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
}
