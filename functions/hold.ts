/** POST /hold: a person keeps cells out of bundles, with a reason. No night undoes it. */
import { DecisionBody, decide } from './_decisions/decide.ts'
import type { FunctionAnswer } from './_http/handler.ts'
import type { Node } from './_http/node.ts'

export const HoldBody = DecisionBody

export const hold = (node: Node, body: DecisionBody): Promise<FunctionAnswer> => decide(node, body, 'hold')
