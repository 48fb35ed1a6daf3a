/** The process of `npm run lab`. */
import { requireNodeVersion } from '../../functions/_runtime/node-version.ts'

requireNodeVersion()
const { runCommand } = await import('../demo/command.ts')
const { LAB_USAGE, readLabOptions } = await import('./lab-options.ts')
await runCommand(async (argv) => {
  const options = readLabOptions(argv)
  if (options === null) return LAB_USAGE
  const { runLab } = await import('./run-lab.ts')
  return await runLab(options)
})
