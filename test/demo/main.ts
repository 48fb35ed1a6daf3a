/** `npm run demo`: looks at the version of Node.js before it loads anything that an older one cannot read, then plays the night. */
import { requireNodeVersion } from '../../functions/_runtime/node-version.ts'

requireNodeVersion()
const { OptionError, readOptions, USAGE } = await import('./options.ts')
const { screenOf, wrap } = await import('./screen.ts')

const EXIT_FAILED = 1
const EXIT_USAGE = 2

try {
  const options = readOptions(process.argv.slice(2))
  if (options === null) process.stdout.write(`${USAGE}\n`)
  else {
    const { runDemo } = await import('./demo.ts')
    process.exitCode = await runDemo(options)
  }
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  // Who reads a pipe wants one line.
  const shown =
    process.stderr.isTTY && !message.includes('\n') ? wrap(message, screenOf(process.stderr).width()) : message
  process.stderr.write(`${shown}\n`)
  process.exitCode = error instanceof OptionError ? EXIT_USAGE : EXIT_FAILED
}
