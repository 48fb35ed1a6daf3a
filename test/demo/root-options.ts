/** The options a root was made with. Other ones would mix two markets in one place, so they are refused. */
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { writeFileAtomic } from '../../functions/_lake/atomic.ts'
import { OptionError } from './arguments.ts'
import type { Options } from './options.ts'
import type { Scene } from './scenario.ts'

/** Option by option what decides over the bytes below a root; null where an option was not given. */
export type RootOptions = Record<string, string | null>

const FILE = 'demo.json'

/** A path as it is compared, wherever the command is run; null where none was given. */
export const pathOption = (given: string | undefined): string | null => (given === undefined ? null : resolve(given))

export function rootOptions(options: Options, scene: Pick<Scene, 'asof' | 'plan'>): RootOptions {
  const listed = (names: readonly string[] | undefined): string | null => names?.join(',') ?? null
  return {
    seed: String(options.seed),
    asof: scene.asof,
    from: options.from ?? null,
    symbols: listed(options.symbols),
    datasets: listed(options.datasets),
    universe: pathOption(options.universe),
    'alpaca-data': pathOption(options['alpaca-data']),
    'massive-data': pathOption(options['massive-data']),
    'fred-data': pathOption(options['fred-data']),
    'options-data': pathOption(options['options-data']),
    plan: scene.plan,
  }
}

/**
 * What differs, in one sentence with both values; null where nothing does. A later evening goes on from an earlier one, and which vendors are dead may
 * change from night to night.
 */
export function refusalOf(root: string, made: RootOptions, given: RootOptions): string | null {
  const names = [...new Set([...Object.keys(made), ...Object.keys(given)])]
  const goesOn = (name: string): boolean => name === 'asof' && (given.asof ?? '') >= (made.asof ?? '')
  const differing = names.filter((name) => (made[name] ?? null) !== (given[name] ?? null) && !goesOn(name))
  if (differing.length === 0) return null
  const say = (from: RootOptions): string =>
    differing.map((name) => (from[name] == null ? `without --${name}` : `with --${name} ${from[name]}`)).join(' and ')
  return `--root ${root} was made ${say(made)}, and this run is ${say(given)}: give the options of the first run to go on, or another --root to begin anew`
}

/** Binds a root that has none to these options. Throws an OptionError for a root of other options. */
export async function bindRoot(root: string, given: RootOptions, name: string = FILE): Promise<void> {
  const file = join(root, name)
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null) {
    await writeFileAtomic(file, Buffer.from(`${JSON.stringify(given, null, 2)}\n`))
    return
  }
  const refusal = refusalOf(root, parsed(file, text), given)
  if (refusal !== null) throw new OptionError(refusal)
}

function parsed(file: string, text: string): RootOptions {
  try {
    return JSON.parse(text) as RootOptions
  } catch {
    throw new OptionError(`${file} is damaged, so it is not known how this root was made: give another --root`)
  }
}
