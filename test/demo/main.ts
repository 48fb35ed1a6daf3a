/** `npm run demo`: looks at the version of Node.js before it loads anything that an older one cannot read, then plays the night. */
import { requireNodeVersion } from '../../functions/_runtime/node-version.ts'

requireNodeVersion()
const { readOptions } = await import('./options.ts')
const { runDemo } = await import('./demo.ts')
try {
  process.exitCode = await runDemo(readOptions(process.argv.slice(2)))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
