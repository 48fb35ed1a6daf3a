/** `npm run restore -- FROM`: brings a backup to an empty data root, and says what to do next. */
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { CONFIG_FOLDER, type Restored, type RestoreProgress, restore } from '../_backup/restore.ts'
import { sizeText } from '../_backup/size-text.ts'
import { systemClock } from '../_runtime/clock.ts'
import { ENV_FILE, withEnvFile } from '../_runtime/env-file.ts'
import { freshToken } from '../_runtime/random.ts'
import { lockRoots, thisMachine } from '../_runtime/root-lock.ts'
import { readSettings } from '../_runtime/settings.ts'

const USAGE = `npm run restore -- FROM [--to ROOT] [--snapshot NAME]
FROM is a backup folder; ROOT is an empty folder, DATA_ROOT where it is left out. NAME is a file of FROM/snapshots or the beginning of its name, such
as 2026-11-30; the newest where it is left out. Exit code 0: all is restored. 1: it is not. 2: it is, without files that are damaged in the backup.`

const FAILED = 1
const WITHOUT_SOME = 2
const LOST_SHOWN = 20

const { stderr, stdout } = process

async function main(argv: readonly string[], given: Record<string, string | undefined>): Promise<number> {
  const { from, to, snapshot } = readOptions(argv)
  const { env } = await withEnvFile(given, resolve(ENV_FILE))
  const root = to === undefined ? readSettings(env).dataRoot : resolve(to)
  await mkdir(root, { recursive: true })
  const lock = await lockRoots([root], { id: freshToken(), machine: await thisMachine() })
  try {
    const steps = restore({ from: resolve(from), root, ...(snapshot ? { snapshot } : {}), now: systemClock.now })
    for (;;) {
      const { done, value } = await steps.next()
      if (!done) {
        show(value)
        continue
      }
      stdout.write(textOf(root, value))
      return value.lost.length > 0 ? WITHOUT_SOME : 0
    }
  } finally {
    await lock.release()
  }
}

function readOptions(argv: readonly string[]): { from: string; to?: string; snapshot?: string } {
  try {
    const { positionals, values } = parseArgs({
      args: [...argv],
      options: { to: { type: 'string' }, snapshot: { type: 'string' } },
      allowPositionals: true,
    })
    const [from, ...others] = positionals
    if (from === undefined || others.length > 0) throw new Error('expected one FROM')
    return { from, ...values }
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${USAGE}`)
  }
}

function show({ files, bytes, ofFiles, ofBytes }: RestoreProgress): void {
  if (stderr.isTTY) stderr.write(`\r\u001b[K${files} of ${ofFiles} files, ${sizeText(bytes)} of ${sizeText(ofBytes)}`)
}

function textOf(root: string, restored: Restored): string {
  const { snapshot, takenAt, files, bytes, kept, lost, hasDatabase, bundle } = restored
  return [
    `${stderr.isTTY ? '\n' : ''}Restored ${files} files, ${sizeText(bytes)}, to ${root}: snapshot ${snapshot}, of ${takenAt}${kept > 0 ? ` (${kept} were there already)` : ''}.`,
    ...(lost.length === 0
      ? []
      : [
          `${lost.length} files are damaged in the backup and were left out; the node asks vendors for their cells again: ${lost.slice(0, LOST_SHOWN).join(', ')}`,
        ]),
    ...(hasDatabase
      ? []
      : ['There is no database in it: the start makes one from the manifests, which may take minutes.']),
    'Next:',
    `  1. Compare the configuration in ${root}/${CONFIG_FOLDER} with the one in use, and copy what you need. Keys and tokens are in no backup: fill in .env.`,
    `  2. Set DATA_ROOT=${root}, then npm start. The start reads what was written after the database was copied.`,
    ...(bundle === null
      ? []
      : [
          `  3. curl -X POST localhost:8080/export -d '{"asof":"${bundle.asof}","at":"${bundle.generated_at}"}' (again while it returns "more": curated files and the newest bundle are made anew)`,
        ]),
    `  ${bundle === null ? 3 : 4}. npm run verify -- ${root} --mode exact`,
    '',
  ].join('\n')
}

try {
  process.exitCode = await main(process.argv.slice(2), process.env)
} catch (error) {
  stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = FAILED
}
