/** `npm start`: the node against the real vendors, until a signal ends it. */
import { startNode } from './start.ts'

/** Second signal: leave at once. */
const EXIT_INTERRUPTED = 130

try {
  const running = await startNode({ env: process.env })
  const { node, address } = running
  for (const { name, missing } of node.seats) {
    if (missing.length > 0) node.log('start.vendor_without_keys', { vendor: name, missing: missing.join(', ') })
  }
  if (node.seats.every(({ missing }) => missing.length > 0)) {
    const all = node.seats.flatMap(({ missing }) => missing)
    process.stderr.write(
      `No vendor has its keys: set ${all.join(', ')} (see config/.env.example). Status is served at ${address}/status\n`,
    )
  }
  running.invoker.start()
  node.log('start.listening', { address, dataRoot: running.settings.dataRoot })

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
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
