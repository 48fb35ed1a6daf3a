/** Which night a demo's root was made for. Another one would mix two markets in one place, so it is refused. */
import { access, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { writeFileAtomic } from '../../functions/_lake/atomic.ts'
import { OptionError, type Options } from './options.ts'
import type { Scene } from './scenario.ts'

/** Option by option what decides over the bytes of a night; null where an option was not given. */
export type RootOptions = Record<string, string | null>

const FILE = 'demo.json'

export function rootOptions(options: Options, scene: Pick<Scene, 'asof' | 'plan'>): RootOptions {
  const listed = (names: readonly string[] | undefined): string | null => names?.join(',') ?? null
  const path = (given: string | undefined): string | null => (given === undefined ? null : resolve(given))
  return {
    seed: String(options.seed),
    asof: scene.asof,
    from: options.from ?? null,
    symbols: listed(options.symbols),
    datasets: listed(options.datasets),
    universe: path(options.universe),
    'alpaca-data': path(options['alpaca-data']),
    'massive-data': path(options['massive-data']),
    'fred-data': path(options['fred-data']),
    'options-data': path(options['options-data']),
    kill: listed(options.kill),
    plan: scene.plan,
  }
}

/** What differs, in one sentence with both values; null where nothing does. */
export function refusalOf(root: string, made: RootOptions, given: RootOptions): string | null {
  const names = [...new Set([...Object.keys(made), ...Object.keys(given)])]
  const differing = names.filter((name) => (made[name] ?? null) !== (given[name] ?? null))
  if (differing.length === 0) return null
  const say = (from: RootOptions): string =>
    differing.map((name) => (from[name] == null ? `without --${name}` : `with --${name} ${from[name]}`)).join(' and ')
  return `--root ${root} was made ${say(made)}, and this run is ${say(given)}: give the options of the first run to go on, or another --root to begin a new night`
}

/** Binds a fresh root to these options. Throws an OptionError for a root of other options, or one that no demo made. */
export async function bindRoot(root: string, given: RootOptions): Promise<void> {
  const file = join(root, FILE)
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null) {
    if (await exists(join(root, 'data_layer'))) {
      throw new OptionError(
        `--root ${root} holds a data_layer but no ${FILE}, so it is not known which night it is of: give another --root, or remove this one`,
      )
    }
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
    throw new OptionError(`${file} is damaged, so it is not known which night it is of: give another --root`)
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
