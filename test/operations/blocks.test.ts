import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { commandsUnder } from './blocks.ts'

const DOCUMENT = `## One
\`\`\`sh
a one
\`\`\`
## Two
<!-- not run by the script: \`sudo b\`, because there is no b -->

\`\`\`sh
# a comment
sudo b --now
c   # why
\`\`\`
### Three
\`\`\`sh
d
\`\`\`
`

test('documented commands: those under one heading, and the reason of each that no script runs', () => {
  expect(commandsUnder(DOCUMENT, 'Two')).toEqual([
    { command: 'sudo b --now', notRun: 'there is no b' },
    { command: 'c   # why', notRun: null },
  ])
  expect(commandsUnder(DOCUMENT, 'Three')).toEqual([{ command: 'd', notRun: null }])
})

test('documented commands: a heading that is gone and a marker without its command are errors', () => {
  expect(() => commandsUnder(DOCUMENT, 'Four')).toThrow('correct the heading')
  expect(() => commandsUnder(DOCUMENT.replace('sudo b --now', 'b'), 'Two')).toThrow('correct the marker')
})

test('documented commands: every heading that the script follows has some', () => {
  const operations = readFileSync('docs/operations.md', 'utf8')
  for (const heading of ['Install', 'From a blank Raspberry Pi OS to the first bundle'])
    expect(commandsUnder(operations, heading).some(({ notRun }) => notRun === null)).toBe(true)
  expect(commandsUnder(readFileSync('docs/pull.md', 'utf8'), 'The pull client').length).toBeGreaterThan(0)
})
