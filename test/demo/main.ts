/** `npm run demo`: looks at the version of Node.js before it loads anything that an older one cannot read, then plays the night. */
import { requireNodeVersion } from '../../functions/_runtime/node-version.ts'

requireNodeVersion()
const { runCommand } = await import('./command.ts')
const { readOptions, USAGE } = await import('./options.ts')
await runCommand(async (argv) => {
  const options = readOptions(argv)
  if (options === null) return USAGE
  const { runDemo } = await import('./demo.ts')
  return await runDemo(options)
})
