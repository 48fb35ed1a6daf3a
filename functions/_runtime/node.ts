/** The running node as the functions see it. */
import type { Desk } from '../_dispatch/desk.ts'
import type { Clock } from './clock.ts'
import type { DiskWatch } from './disk-watch.ts'
import type { Health } from './health.ts'
import type { WriteGate } from './write-gate.ts'

export interface Node extends Desk {
  disk: DiskWatch
  clock: Clock
  version: string
  exportRoot: string
  /** Whether anything may be written now. */
  gate: WriteGate
  /** What is wrong with the machine, in words. */
  health: Health
}
