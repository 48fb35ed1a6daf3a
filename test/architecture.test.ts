import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { Node } from '../functions/_http/node.ts'
import { DATASETS } from '../functions/_market/cell.ts'
import { CALLS, loadCron } from '../functions/_runtime/cron.ts'
import { CONNECTORS } from '../functions/_vendors/registry.ts'
import { createApp } from '../functions/index.ts'
import { type Import, type SourceFile, sourceFiles } from './source-files.ts'

/** Files that start a process: they read the environment and meet what the functions are handed. */
const ENTRIES = [
  'functions/_cli/main.ts',
  'functions/_runtime/serve.ts',
  'functions/verify/main.ts',
  'functions/backup/main.ts',
  'functions/restore/main.ts',
  'functions/pull/client/main.ts',
]

const product = sourceFiles('functions', 'db', 'config')
const functionFiles = (): SourceFile[] =>
  product.filter(
    ({ path }) => /^functions\/[a-z]/.test(path) && path !== 'functions/index.ts' && !ENTRIES.includes(path),
  )
const everything = [...product, ...sourceFiles('test')]

/** What the files of a place may import of ours, beside each other; `types` may come over as types only. Packages: undefined for any. */
interface Direction {
  values: string[]
  types: string[]
  packages: string[] | undefined
}

const ARCHITECTURE = 'docs/architecture.md'
const HEADER = '| Room | Holds | May import | Types only | Packages |'

/** The table of rooms in docs/architecture.md. A cell lists names in backticks, or says `none` or `any`. */
function readRooms(): Record<string, Direction> {
  const lines = readFileSync(ARCHITECTURE, 'utf8').split('\n')
  const first = lines.indexOf(HEADER) + 2
  if (first < 2) throw new Error(`expected the header ${HEADER} in ${ARCHITECTURE}`)
  const rows = lines.slice(
    first,
    lines.findIndex((line, at) => at >= first && !line.startsWith('|')),
  )
  return Object.fromEntries(
    rows.map((row) => {
      const [room = '', , values = '', types = '', packages = ''] = row.split('|').slice(1, -1)
      return [
        namesIn(room)[0] ?? '',
        {
          values: namesIn(values),
          types: namesIn(types),
          packages: packages.trim() === 'any' ? undefined : namesIn(packages),
        },
      ]
    }),
  )
}

/** The names in backticks of a cell. Throws for a cell that says something else: a rule must not vanish with a typing error. */
function namesIn(cell: string): string[] {
  const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
  const rest = cell.replaceAll(/`[^`]+`/g, '').replaceAll(/[\s,]/g, '')
  if (names.length === 0 ? rest !== 'none' : rest !== '')
    throw new Error(`expected names in backticks, or none, in a cell of the table in ${ARCHITECTURE}, got ${cell}`)
  return names
}

const ROOMS = readRooms()

const startsWithAny = (text: string, prefixes: readonly string[]): boolean =>
  prefixes.some((prefix) => text.startsWith(prefix))

/** `file → import` of every import that a rule does not allow. */
const offences = (files: SourceFile[], isAllowed: (one: Import, file: SourceFile) => boolean): string[] =>
  files.flatMap((file) =>
    file.imports.filter((one) => !isAllowed(one, file)).map(({ target }) => `${file.path} → ${target}`),
  )

/** Groups of files that reach each other by imports, each sorted. A file is in a circle when it reaches itself. */
function circlesAmong(files: SourceFile[]): string[][] {
  const importsOf = new Map(files.map(({ path, imports }) => [path, imports.map(({ target }) => target)]))
  const reachedFrom = new Map(files.map(({ path }) => [path, reached(path, importsOf)]))
  const circles = files
    .filter(({ path }) => reachedFrom.get(path)!.has(path))
    .map(({ path }) => [...reachedFrom.get(path)!].filter((other) => reachedFrom.get(other)?.has(path)).sort())
  return [...new Map(circles.map((circle) => [circle.join(' '), circle])).values()]
}

function reached(from: string, importsOf: Map<string, string[]>): Set<string> {
  const found = new Set<string>()
  const waiting = [...(importsOf.get(from) ?? [])]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue
    found.add(next)
    waiting.push(...(importsOf.get(next) ?? []))
  }
  return found
}

describe('the directions of imports', () => {
  test('every import statement is seen', () => {
    for (const { path, code, imports } of everything) {
      expect(imports.length, path).toBe(
        code.match(/^(?:(?:import|export|\}).* from '|import ')|\bimport\('/gm)?.length ?? 0,
      )
    }
  })

  test.each(Object.entries(ROOMS))('%s', (room, { values, types, packages }) => {
    const files = product.filter(({ path }) => path.startsWith(room))
    expect(files.length).toBeGreaterThan(0)
    const found = offences(files, ({ target, isOurs, isType }) => {
      if (!isOurs)
        return packages === undefined || packages.some((name) => target === name || target.startsWith(`${name}/`))
      return startsWithAny(target, [room, ...values]) || (isType && startsWithAny(target, types))
    })
    expect(found).toEqual([])
  })

  test('the table of rooms names every room under functions/ and every folder beside it, and no other', () => {
    const rooms = readdirSync('functions').filter((name) => name.startsWith('_'))
    const folders = ['config/', 'db/', ...rooms.map((name) => `functions/${name}/`)]
    expect(Object.keys(ROOMS).sort()).toEqual(folders.sort())
  })

  test('the table of rooms lets in only folders and files that exist', () => {
    const targets = Object.values(ROOMS).flatMap(({ values, types }) => [...values, ...types])
    expect(targets.filter((path) => !existsSync(path))).toEqual([])
  })

  test('a function imports rooms, the database and its own folder, never another function', () => {
    const ownerOf = (path: string): string => path.replace(/^functions\//, '').replace(/(\/.*|\.tsx?)$/, '')
    const functions = functionFiles()
    expect(functions.length).toBeGreaterThan(10)
    const found = offences(functions, ({ target, isOurs }, { path }) => {
      if (!isOurs) return true
      if (startsWithAny(target, ['functions/_', 'db/', 'config/schema.ts'])) return true
      return target.startsWith('functions/') && ownerOf(target) === ownerOf(path)
    })
    expect(found).toEqual([])
  })

  test('nothing imports the runtime but the files that start a process', () => {
    const others = product.filter(({ path }) => !path.startsWith('functions/_runtime/') && !ENTRIES.includes(path))
    expect(offences(others, ({ target }) => !target.startsWith('functions/_runtime/'))).toEqual([])
  })

  test('the pull client, which is served as one file, imports itself and Node.js alone', () => {
    const client = product.filter(({ path }) => path.startsWith('functions/pull/client/'))
    expect(client.length).toBeGreaterThan(5)
    const found = offences(client, ({ target, isOurs }) =>
      isOurs ? target.startsWith('functions/pull/client/') : target.startsWith('node:'),
    )
    expect(found).toEqual([])
  })

  test('no files import each other in a circle, not even for types', () => {
    expect(circlesAmong(product)).toEqual([])
  })

  test('no file re-exports what another file declares', () => {
    const reexports = product.filter(({ code }) => /^export (?:type )?(?:\*|\{[^}]*\}) from '/m.test(code))
    expect(reexports.map(({ path }) => path)).toEqual([])
  })

  test('the map of functions is imported by the start alone', () => {
    const others = product.filter(({ path }) => path !== 'functions/_runtime/start.ts')
    expect(offences(others, ({ target }) => target !== 'functions/index.ts')).toEqual([])
  })

  test('nothing that ships imports a test', () => {
    expect(offences(product, ({ target }) => !target.startsWith('test/'))).toEqual([])
  })

  test('our own files are imported by their full name', () => {
    expect(offences(everything, ({ target, isOurs }) => !isOurs || /\.(tsx?|json)$/.test(target))).toEqual([])
  })
})

describe('what must not be written', () => {
  const written = (files: SourceFile[], pattern: RegExp, except: string[] = []): string[] =>
    files.filter(({ path, code }) => !except.includes(path) && pattern.test(code)).map(({ path }) => path)

  test('only the clock reads the clock', () => {
    const reads = /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bperformance\.now\b|\bprocess\.hrtime\b/
    // The pull client runs where nothing else of ours is, the script of the pages in a browser.
    const elsewhere = ['functions/pull/client/main.ts', 'functions/_page/page-script.ts']
    expect(written(product, reads, ['functions/_runtime/clock.ts', ...elsewhere])).toEqual([])
  })

  test('only chance draws chance', () => {
    const draws = /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b|\bgetRandomValues\b/
    expect(written(product, draws, ['functions/_runtime/random.ts'])).toEqual([])
  })

  test('there are no interactive transactions', () => {
    expect(written(product, /\.transaction\s*\(/)).toEqual([])
  })

  test('only who starts the process reads its environment, and prints', () => {
    expect(written(product, /\bprocess\.env\b/, ENTRIES)).toEqual([])
    expect(written(product, /\bconsole\./)).toEqual([])
  })

  test('only one file writes how Parquet files are read', () => {
    const reads = /\b(?:read_parquet|parquet_scan|parquet_[a-z_]+)\s*\(/
    // The script and the views run at the trainer's.
    expect(
      written(product, reads, [
        'functions/_lake/parquet-sql.ts',
        'functions/export/load-script.ts',
        'functions/export/views.ts',
      ]),
    ).toEqual([])
  })

  test('no file is named after a bucket', () => {
    const bucket = /^(types|utils?|helpers?|common|shared|manager|service|core|lib|misc)\b/
    expect(everything.filter(({ path }) => bucket.test(basename(path))).map(({ path }) => path)).toEqual([])
  })

  test('a test lies where the file it tests lies, or tells of a scenario', () => {
    const apart =
      /^test\/(scenarios|e2e|consumers|lab|demo|bench|eval|guards|integrity|operations|upgrade)\/|^test\/[a-z-]+(\.long)?\.test\.ts$/
    const files = new Set(product.map(({ path }) => path))
    const tests = everything.filter(({ path }) => /\.test\.ts$/.test(path) && !apart.test(path))
    const subjectOf = (path: string): string =>
      path.replace(/^test\//, '').replace(/(\.property)?(\.long)?\.test\.ts$/, '.ts')
    const isThere = (path: string): boolean => files.has(path) || files.has(`${path}x`)
    const lost = tests.filter(({ path }) => !isThere(subjectOf(path)) && !isThere(`functions/${subjectOf(path)}`))
    expect(tests.length).toBeGreaterThan(100)
    expect(lost.map(({ path }) => path)).toEqual([])
  })

  test('file names are in kebab-case', () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*((\.property)?(\.long)?\.test|\.d)?\.tsx?$/
    expect(everything.filter(({ path }) => !kebab.test(basename(path))).map(({ path }) => path)).toEqual([])
  })

  test('every file that ships begins with a sentence on what it knows', () => {
    expect(
      product.filter(({ text }) => !text.replace(/^#!.*\n/, '').startsWith('/**')).map(({ path }) => path),
    ).toEqual([])
  })
})

describe('lists that must agree', () => {
  // Only the routes are looked at; no request is made.
  const { routes } = createApp({} as unknown as Node, { full: null, read: null })
  const posts = routes.filter(({ method }) => method === 'POST').map(({ path }) => path.slice(1))
  /** A chain that begins chains would begin itself, and a schedule that forgets would delete what a typo in the universe left out.
   * A puller acknowledges, and a person logs in and out, no schedule. */
  const FOR_PEOPLE = [
    'run/:chain',
    'enqueue/form',
    'forget',
    'hold',
    'release',
    'notify',
    'exports/:asof/ack',
    'login',
    'logout',
  ]

  test('the datasets of the vocabulary are those of the configuration', () => {
    const { datasets } = parse(readFileSync('config/datasets.yaml', 'utf8')) as { datasets: object }
    expect(Object.keys(datasets).sort()).toEqual([...DATASETS].sort())
  })

  test('every vendor folder has its connector, and every connector its folder and its registry entry', () => {
    const folders = readdirSync('functions/_vendors', { withFileTypes: true }).filter((entry) => entry.isDirectory())
    const names = CONNECTORS.map(({ name }) => name).sort()
    expect(names).toEqual(folders.map(({ name }) => name).sort())
    const { vendors } = parse(readFileSync('config/vendor_capabilities.yaml', 'utf8')) as {
      vendors: Record<string, { connector?: string }>
    }
    // An entry that names a connector is another feed of that vendor.
    const own = Object.entries(vendors).filter(([, { connector }]) => connector === undefined)
    expect(own.map(([name]) => name).sort()).toEqual(names)
    for (const { connector = names[0] } of Object.values(vendors)) expect(names).toContain(connector)
  })

  test('what a connector can fetch is what its registry entry lists', () => {
    const { vendors } = parse(readFileSync('config/vendor_capabilities.yaml', 'utf8')) as {
      vendors: Record<string, { datasets: object }>
    }
    for (const { name, datasets } of CONNECTORS) {
      expect(Object.keys(vendors[name]?.datasets ?? {}).sort(), name).toEqual([...datasets].sort())
    }
  })

  test('what a schedule may call is what is served', () => {
    expect([...CALLS, ...FOR_PEOPLE].sort()).toEqual(posts.sort())
  })

  test('what the shipped schedule calls is there', async () => {
    const called = (await loadCron('cron.json')).flatMap(({ steps }) => steps.map(({ call }) => call))
    for (const call of called) expect(posts).toContain(call)
  })

  test('every function of the map has a file or a folder of its name', () => {
    const names = readdirSync('functions')
    for (const [name = ''] of posts.map((path) => path.split('/'))) {
      expect(names.includes(`${name}.ts`) || names.includes(name), name).toBe(true)
    }
  })

  test('the secrets of every connector are in the example of an environment', () => {
    const example = readFileSync('config/.env.example', 'utf8')
    for (const secret of CONNECTORS.flatMap(({ secrets }) => secrets))
      expect(example).toMatch(new RegExp(`^${secret}=$`, 'm'))
  })
})
