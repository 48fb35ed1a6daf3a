/** The commands of docs/pull.md, run as they stand there against a real server. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, symlink, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { latestLink } from '../../functions/_lake/paths.ts'
import { USAGE } from '../../functions/pull/client/options.ts'
import { BARS, type ExportsServer, exportsServer, README } from '../exports/small-bundle.ts'

const READ = 'read-token-0123456789'
const DAY = '2024-07-03'
const LEDGER = 'qc/partition_status.parquet'
const FILES = { [README]: 'one', [BARS]: 'bars', [LEDGER]: 'ledger' }

let server: ExportsServer
let folder: string
beforeEach(async () => {
  server = await exportsServer({ full: null, read: READ })
  folder = await mkdtemp(join(tmpdir(), 'by-hand-'))
  await server.bundle(DAY, FILES)
  await symlink(`nightly/${DAY}`, latestLink(server.exportRoot))
})
afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

/** The blocks of commands under a heading of docs/pull.md. */
async function blocksOf(heading: string): Promise<string[]> {
  const text = await readFile('docs/pull.md', 'utf8')
  const section = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block)
}

const run = (block: string, token = READ) =>
  promisify(execFile)('bash', ['-euo', 'pipefail', '-c', block.replaceAll('http://pi.local:8080', server.address)], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, DATA_NODE_READ_TOKEN: token },
  })

function isThere(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    process.stderr.write(`${command} is not installed here: its commands in docs/pull.md are not tested.\n`)
    return false
  }
}

async function isWhole(place: string): Promise<void> {
  for (const [path, content] of Object.entries(FILES)) expect(await readFile(join(place, path), 'utf8')).toBe(content)
}

test.runIf(isThere('curl'))(
  'docs/pull.md: its commands for curl bring a verified bundle, by files and as a tar',
  async () => {
    const [byFile = '', asTar = ''] = await blocksOf('By hand with curl')
    await run(byFile)
    await isWhole(folder)
    await run(asTar)
    await isWhole(join(folder, DAY))
    await expect(run(byFile, 'wrong-token-0123456789')).rejects.toThrow('401')
  },
)

test.runIf(isThere('wget'))('docs/pull.md: its commands for wget bring a verified bundle', async () => {
  const [block = ''] = await blocksOf('With wget')
  await run(block)
  await isWhole(join(folder, DAY))
})

test.runIf(isThere('rsync'))(
  'docs/pull.md: its commands for rsync bring a verified bundle, and link the files that an earlier one has',
  async () => {
    const [block = ''] = await blocksOf('With rsync')
    // The machine of the node is this one.
    const here = block.replace('ssh pi.local ', '').replace('pi.local:/', '/')
    // Files of a night have its time, and one that is linked keeps it.
    const then = new Date('2024-07-03T00:00:00Z')
    const bundle = join(server.exportRoot, 'nightly', DAY)
    for (const path of await readdir(bundle, { recursive: true })) await utimes(join(bundle, path), then, then)
    await run(here.replaceAll('/var/lib/data-node/exports', server.exportRoot))
    await isWhole(join(folder, 'bundles/latest'))
    const next = '2024-07-05'
    await server.bundle(next, { ...FILES, [LEDGER]: 'another ledger' })
    await utimes(join(server.exportRoot, 'nightly', next, BARS), then, then)
    await rm(latestLink(server.exportRoot))
    await symlink(`nightly/${next}`, latestLink(server.exportRoot))
    await run(here.replaceAll('/var/lib/data-node/exports', server.exportRoot))
    expect(await readFile(join(folder, 'bundles/latest', LEDGER), 'utf8')).toBe('another ledger')
    const inode = async (day: string): Promise<number> => (await stat(join(folder, 'bundles', day, BARS))).ino
    expect(await inode(next)).toBe(await inode(DAY))
  },
)

test('docs/pull.md: it lists the options of the pull client, and no others', async () => {
  const text = await readFile('docs/pull.md', 'utf8')
  const documented = [...text.matchAll(/^\| `--([a-z-]+)` \|/gm)].map(([, name]) => name)
  const known = [...USAGE.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, name]) => name)
  expect(documented).toEqual(known)
})
