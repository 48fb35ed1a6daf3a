/** Every command that talks to a node, in the order of the help. */
import type { Command } from '../command.ts'
import { adopt } from './adopt.ts'
import { call } from './call.ts'
import { condition } from './condition.ts'
import { coverage } from './coverage.ts'
import { hold, release } from './decide.ts'
import { enqueue } from './enqueue.ts'
import { forget } from './forget.ts'
import { notify } from './notify.ts'
import { queue } from './queue.ts'
import { run } from './run.ts'
import { status } from './status.ts'
import { vendors } from './vendors.ts'
import { why } from './why.ts'

export const COMMANDS: readonly Command[] = [
  status,
  why,
  queue,
  vendors,
  coverage,
  condition,
  call,
  run,
  notify,
  enqueue,
  hold,
  release,
  forget,
  adopt,
]
