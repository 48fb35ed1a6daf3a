/**
 * The process of `npm run test:upgrade -- [REF]`: upgrades a root of an older program, and goes back. REF is the older commit; absent, the one before
 * the newest migration. Exits with 1 where a bundle differs from that of a root that one program made alone.
 */
import { execFileSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createDuck } from '../../functions/_lake/duck.ts'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { bundleOf, type Night, playNight, refusalOf } from './night.ts'

const NIGHTS = ['2024-03-08T21:00', '2024-03-11T21:00', '2024-03-12T21:00'] as const
/**
 * What may differ: who wrote the bundle and by which rules it was judged, and when; and what only the newer program notes in a night, or asks a second
 * vendor for.
 */
const SAYS_VERSION = /^(MANIFEST\.json|README\.md|SHA256SUMS)$/
const SAYS_WHEN = ['checked_at', 'ruleset', 'sha256', 'first_seen', 'second_vendor', 'action']

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim()

const home = await mkdtemp(join(tmpdir(), 'data-node-upgrade-'))
try {
  process.exitCode = await prove(process.argv[2])
} finally {
  await rm(home, { recursive: true, force: true })
}

async function prove(asked: string | undefined): Promise<number> {
  const ref = git('rev-parse', asked ?? `${newestMigration()}^`)
  const [older, newer] = [await builtOf(ref), resolve('.')]
  say(`older program: ${git('log', '-1', '--format=%h of %cs', ref)}; newer: ${git('log', '-1', '--format=%h of %cs')}`)
  const night = (code: string, name: string, at: number): Night => ({
    ...{ code, root: join(home, name), at: NIGHTS[at] as string },
    port: 21_000 + 10 * ['older', 'newer', 'upgraded'].indexOf(name),
  })

  for (const at of [0, 1, 2]) await playNight(night(older, 'older', at))
  for (const at of [0, 1]) await playNight(night(newer, 'newer', at))
  await playNight(night(older, 'upgraded', 0))
  await playNight(night(newer, 'upgraded', 1))
  const isUpgraded = await compare('upgraded', 'newer')

  say(`the older program says of the newer database: ${sentenceOf(await refusalOf(night(older, 'upgraded', 2)))}`)
  await goBack(join(home, 'upgraded'))
  await playNight(night(older, 'upgraded', 2))
  const isBack = await compare('upgraded', 'older')
  return isUpgraded && isBack ? 0 : 1
}

function newestMigration(): string {
  const [newest] = git('log', '--format=%H', '--diff-filter=A', '--', 'migrations/*.sql').split('\n')
  if (!newest) throw new Error('expected the history of migrations/, found none: run this in a clone that has it')
  return newest
}

/** The checkout of a commit, built, with the packages that are installed here. */
async function builtOf(ref: string): Promise<string> {
  const folder = join(home, 'program')
  await mkdir(folder)
  execFileSync('sh', ['-c', `git archive ${ref} | tar -x -C "${folder}"`])
  await symlink(resolve('node_modules'), join(folder, 'node_modules'))
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: folder, stdio: 'inherit' })
  return folder
}

/** As docs/operations.md says: the copy from before the migration takes the database's place. */
async function goBack(root: string): Promise<void> {
  const state = join(root, 'data_layer/state')
  const copies = (await readdir(state)).filter((name) => /^node\.db\.before-\d+$/.test(name)).sort()
  const [copy] = copies
  if (copy === undefined) throw new Error(`expected a copy of the database from before the migration in ${state}`)
  await mkdir(join(state, 'migrated'))
  for (const name of ['node.db', 'node.db-wal']) {
    await rename(join(state, name), join(state, 'migrated', name)).catch(() => undefined)
  }
  await cp(join(state, copy), join(state, 'node.db'))
  say(`went back to ${copy}`)
}

/** The line of a refusal that speaks of migrations. */
function sentenceOf(said: string): string {
  const line = said.split('\n').find((one) => /newer|migrat/i.test(one))
  return line?.slice(0, 400) ?? `nothing of migrations: ${said.slice(-500)}`
}

/** Whether two roots have the same newest bundle, file by file; of a table that differs, row by row but for what says who judged it and when. */
async function compare(one: string, other: string): Promise<boolean> {
  const [mine, theirs] = [await bundleOf(join(home, one)), await bundleOf(join(home, other))]
  const paths = [...new Set([...mine.keys(), ...theirs.keys()])].sort()
  const differing = paths.filter((path) => mine.get(path) !== theirs.get(path))
  say(
    `${one} against ${other}, ${mine.get('asof')}: ${paths.length - differing.length} of ${paths.length} files are the same`,
  )
  let isSame = true
  for (const path of differing.filter((name) => !SAYS_VERSION.test(name))) {
    const [file, peer] = [one, other].map((name) => join(home, name, 'exports/latest', path))
    const found = path.endsWith('.parquet') ? await differenceOf(file!, peer!) : 'differs'
    say(`  ${path}: ${found ?? 'the same rows, but for version and instant'}`)
    isSame &&= found === null
  }
  return isSame
}

/** Null where both files hold the same rows. */
async function differenceOf(file: string, peer: string): Promise<string | null> {
  const duck = createDuck({ root: home, threads: 2, memoryLimitMb: 400 })
  try {
    const named = await duck.all<{ name: string }>(
      `SELECT column_name AS name FROM (DESCRIBE FROM ${readParquet(file)})`,
    )
    const columns = named.map(({ name }) => name).filter((name) => !SAYS_WHEN.includes(name))
    const only = async (from: string, but: string): Promise<Record<string, unknown>[]> =>
      duck.all(
        `SELECT "${columns.join('", "')}" FROM ${readParquet(from)} EXCEPT ALL SELECT "${columns.join('", "')}" FROM ${readParquet(but)}`,
      )
    const [mine, theirs] = [await only(file, peer), await only(peer, file)]
    if (mine.length + theirs.length === 0) return null
    return `${mine.length} rows here and ${theirs.length} there, such as ${JSON.stringify(mine[0] ?? null)} and ${JSON.stringify(theirs[0] ?? null)}`
  } finally {
    await duck.close()
  }
}
