/** The running node as the functions see it. */
import type { Desk } from '../_dispatch/desk.ts'
import type { Clock } from './clock.ts'

export interface Node extends Desk {
  clock: Clock
  version: string
  exportRoot: string
}
