/** What `npm run verify` may be told, and which folders a root stands for. */
import { access } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { MODES } from './check.ts'

const Options = z.strictObject({
  mode: z.enum(MODES).default('fast'),
  exports: z.string().min(1).optional(),
  config: z.string().min(1).optional(),
  universe: z.string().min(1).optional(),
  url: z.url({ protocol: /^https?$/ }).optional(),
  listed: z.coerce.number({ error: 'expected a number' }).int().min(1).max(1_000).default(20),
  resume: z.string().min(1).optional(),
  scratch: z.string().min(1).optional(),
  json: z.boolean().default(false),
})

export type Options = z.output<typeof Options> & { root: string }

export const USAGE = `npm run verify -- ROOT [--mode ${MODES.join('|')}] [--exports DIR] [--config DIR] [--universe FILE] [--url URL]
  [--listed N] [--resume FILE] [--scratch DIR] [--json]
ROOT is a DATA_ROOT, or a folder that holds data_layer and exports. Exit code 0: nothing is wrong. 1: damage that the node heals by itself at
the next night, or has reported. 2: data is lost, or a bundle is wrong. 3: not everything could be looked at.`

/** Throws an Error that names each option that cannot be used. */
export function readOptions(argv: readonly string[]): Options {
  const text = { type: 'string' } as const
  const options = {
    mode: text,
    exports: text,
    config: text,
    universe: text,
    url: text,
    listed: text,
    resume: text,
    scratch: text,
    json: { type: 'boolean' } as const,
  }
  let given: ReturnType<typeof parseArgs>
  try {
    given = parseArgs({ args: [...argv], options, allowPositionals: true })
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${USAGE}`)
  }
  const [root, ...others] = given.positionals
  if (root === undefined || others.length > 0) throw new Error(`expected one ROOT\n${USAGE}`)
  const parsed = Options.safeParse({ ...given.values })
  if (parsed.success) return { ...parsed.data, root }
  const faults = parsed.error.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}`)
  throw new Error(`${faults.join('\n')}\n${USAGE}`)
}

export interface Folders {
  dataRoot: string
  exportRoot: string
  configDir: string
}

/** What the options leave open is taken from beside the root, then from the environment's settings. */
export async function foldersOf(
  options: Options,
  settings: { exportRoot: string; configDir: string },
): Promise<Folders> {
  const given = resolve(options.root)
  if (!(await exists(given))) throw new Error(`${given} does not exist: give the DATA_ROOT of a node`)
  const isAbove = await exists(join(given, 'data_layer'))
  const dataRoot = isAbove ? join(given, 'data_layer') : given
  const beside = dirname(dataRoot)
  const ofBoth = async (option: string | undefined, name: string, other: string): Promise<string> => {
    if (option !== undefined) return resolve(option)
    return (await exists(join(beside, name))) ? join(beside, name) : other
  }
  return {
    dataRoot,
    exportRoot: await ofBoth(options.exports, 'exports', settings.exportRoot),
    configDir: await ofBoth(options.config, 'config', settings.configDir),
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
