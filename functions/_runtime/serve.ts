/** `npm start`: looks at the version of Node.js before it loads anything that an older one cannot read, then runs the node. */
import { requireNodeVersion } from './node-version.ts'

requireNodeVersion()
const { runNode } = await import('./run-node.ts')
await runNode(process.env)
