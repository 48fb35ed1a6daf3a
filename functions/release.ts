/** POST /release: a person lets cells that QC holds into bundles, with a reason. It counts for the version there is: of another one the person knew nothing. */
import { DecisionBody, decide } from './_decisions/decide.ts'
import type { FunctionAnswer } from './_http/handler.ts'
import type { Node } from './_http/node.ts'

export const ReleaseBody = DecisionBody

export const release = (node: Node, body: DecisionBody): Promise<FunctionAnswer> => decide(node, body, 'release')
