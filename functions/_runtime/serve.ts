/** `npm start`: looks at the version of Node.js and the open files it may have before it loads anything, then runs the node. */
import { requireNodeVersion } from './node-version.ts'
import { requireOpenFiles } from './open-files.ts'

requireNodeVersion()
await requireOpenFiles()
const { runNode } = await import('./run-node.ts')
await runNode(process.env)
