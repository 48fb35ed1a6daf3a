/** What a command of `data-node` is: words for its help, and one run against a node. */
import type { NodeClient } from './node-client.ts'
import type { Paint } from './screen.ts'

export interface CommandContext {
  node: NodeClient
  paint: Paint
  /** Characters of the longest line. */
  width: number
  /** Called while work goes on that takes several calls; `all` is null where nobody knows it. */
  progress(done: number, all: number | null, label: string): void
}

/** What a command found: one object for programs, lines for people. */
export interface Result {
  body: object
  lines: string[]
  /** 0 unless given. */
  exitCode?: number
}

/** Options as commander reads them: a text, `true` for a flag, absent where not given. */
export type OptionValues = Record<string, string | boolean | undefined>

export interface Command {
  name: string
  summary: string
  /** As commander writes them: `<dataset> [json]`. */
  operands?: string
  options?: readonly (readonly [flags: string, description: string])[]
  /** What follows `data-node <name>` in the example of its help. */
  example: string
  run(context: CommandContext, operands: readonly string[], options: OptionValues): Promise<Result>
}

/** A program of this package that has a command line of its own; `data-node` hands it all that follows its name. */
export interface Program {
  name: string
  summary: string
  usage: string
  example: string
}

/** A command line that cannot be carried out as it was written. */
export class UsageError extends Error {}
