import { expect, test } from 'vitest'
import { nodeVersionFault } from '../../functions/_runtime/node-version.ts'

test.each(['20.19.0', '20.20.2', '21.0.0', '24.1.0', '100.0.0'])('node version: Node.js %s will do', (version) => {
  expect(nodeVersionFault(version)).toBeNull()
})

test.each(['12.22.12', '18.20.4', '20.9.0', '20.18.3', '9.11.2'])(
  'node version: Node.js %s is refused in one sentence',
  (version) => {
    expect(nodeVersionFault(version)).toBe(
      `data node needs Node.js 20.19 or newer, this is ${version}: see "Node.js" in README.md for how to get it`,
    )
  },
)
