/** How a running node ends: calls under way finish or are cut off, leases go back, and files and locks are released. */
import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { releaseHolder } from '../../db/leases/release-leases.ts'
import type { Node } from '../_http/node.ts'
import { closeLake } from '../_lake/lake.ts'
import type { Notifier } from '../_notify/notifier.ts'
import type { Invoker } from './invoker.ts'
import type { RootLock } from './root-lock.ts'

/** Milliseconds a stop waits for running calls before it closes their connections: all of it must fit into the ten seconds that Docker waits. */
const GRACE_MS = 6_000
/** Milliseconds it waits for queries under way. */
const QUERIES_GRACE_MS = 1_000
const IDLE_LOOK_MS = 20

export interface StopTerms {
  server: Server
  invoker: Invoker
  notifier: Notifier | null
  node: Node
  lock: RootLock
}

/** Takes at most eight seconds. */
export async function stopNode({ server, invoker, notifier, node, lock }: StopTerms): Promise<void> {
  const calls = Promise.all([invoker.stop(), notifier?.stop()])
  const closed = new Promise<void>((done) => server.close(() => done()))
  // A kept connection falls idle whenever its answer is through, also after the first look.
  const closer = setInterval(() => server.closeIdleConnections(), IDLE_LOOK_MS)
  const killer = setTimeout(() => server.closeAllConnections(), GRACE_MS)
  // Calls under way end by themselves, or with their connection.
  await Promise.all([calls, closed])
  clearInterval(closer)
  clearTimeout(killer)
  // A call that was cut off goes on as long as the process does, and can settle nothing any more.
  await releaseHolder(node.db, node.holder, node.now()).catch((error: unknown) =>
    node.log('stop.release_failed', { error }),
  )
  // A query that takes longer ends with the process; what it was writing has a temp name still.
  const waiting = new AbortController()
  const grace = sleep(QUERIES_GRACE_MS, undefined, { signal: waiting.signal }).catch(() => undefined)
  await Promise.race([closeLake(node.lake), grace])
  waiting.abort()
  node.db.close()
  await lock.release()
}
