/** A command of a person: its exit code, its help, and one sentence when it cannot go on. */

import { screenOf, wrap } from '../../functions/_cli/screen.ts'
import { OptionError } from './arguments.ts'

const EXIT_FAILED = 1
const EXIT_USAGE = 2

/** Runs it with the arguments of this process; it returns its exit code, or the help that was asked for. */
export async function runCommand(command: (argv: readonly string[]) => Promise<number | string>): Promise<void> {
  try {
    const ending = await command(process.argv.slice(2))
    if (typeof ending === 'string') process.stdout.write(`${ending}\n`)
    else process.exitCode = ending
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    // Who reads a pipe wants one line.
    const isWrapped = process.stderr.isTTY && !message.includes('\n')
    process.stderr.write(`${isWrapped ? wrap(message, screenOf(process.stderr).width()) : message}\n`)
    process.exitCode = error instanceof OptionError ? EXIT_USAGE : EXIT_FAILED
  }
}
