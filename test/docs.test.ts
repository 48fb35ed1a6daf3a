/** The documents against the project: links, paths, commands, routes, variables and options that they name are there. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Node } from '../functions/_http/node.ts'
import { loadCron } from '../functions/_runtime/cron.ts'
import { CONNECTORS } from '../functions/_vendors/registry.ts'
import { createApp } from '../functions/index.ts'
import { USAGE } from './demo/options.ts'
import { LAB_USAGE } from './lab/lab-options.ts'

const read = (path: string): string => readFileSync(path, 'utf8')
const below = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))
const matches = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, name = '']) => name)
const once = (texts: readonly string[]): string[] => [...new Set(texts)].sort()

const FENCED = /^( *)```[^\n]*\n[\s\S]*?^\1```/gm

interface Document {
  path: string
  text: string
  /** Without blocks of code. */
  prose: string
  /** The blocks of code alone. */
  code: string
  /** Names of its headings, as links spell them. */
  anchors: Set<string>
}

function readDocument(path: string): Document {
  const text = read(path)
  const prose = text.replaceAll(FENCED, '')
  const code = (text.match(FENCED) ?? []).join('\n')
  return { path, text, prose, code, anchors: new Set(matches(prose, /^#+ (.+)$/gm).map(anchorOf)) }
}

/** How a link spells a heading: lower case, spaces as hyphens, no punctuation. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-')

const DECISIONS = 'docs/decisions'
const documents = ['README.md', 'CONTRIBUTING.md', ...below('docs').filter((path) => path.endsWith('.md'))]
  .sort()
  .map(readDocument)
const documentAt = (path: string): Document => {
  const found = documents.find((document) => document.path === path)
  if (!found) throw new Error(`expected a document ${path}`)
  return found
}

/** `document: what is wrong` for everything that a rule finds in the documents. */
const faults = (find: (document: Document) => string[]): string[] =>
  documents.flatMap((document) => find(document).map((fault) => `${document.path}: ${fault}`))

describe('documents: links', () => {
  const links = ({ prose }: Document): string[] =>
    matches(prose, /\]\(([^)\s]+)\)/g).filter((link) => !/^https?:/.test(link))

  test('a link leads to a file or folder that exists', () => {
    expect(documents.flatMap(links).length).toBeGreaterThan(40)
    const isBroken = (document: Document, link: string): boolean => {
      const [path = ''] = link.split('#')
      return path !== '' && !existsSync(join(dirname(document.path), path))
    }
    expect(faults((document) => links(document).filter((link) => isBroken(document, link)))).toEqual([])
  })

  test('an anchor names a heading of its document', () => {
    const isBroken = (document: Document, link: string): boolean => {
      const [path = '', anchor] = link.split('#')
      if (anchor === undefined) return false
      const target = path === '' ? document.path : normalize(join(dirname(document.path), path))
      return !documentAt(target).anchors.has(anchor)
    }
    expect(faults((document) => links(document).filter((link) => isBroken(document, link)))).toEqual([])
  })

  test('every decision stands in the list of decisions, numbered without a gap', () => {
    const files = readdirSync(DECISIONS).filter((name) => name !== 'README.md')
    const numbers = files.sort().map((name) => /^(\d{4})-[a-z0-9-]+\.md$/.exec(name)?.[1])
    expect(numbers).toEqual(files.map((_, at) => String(at + 1).padStart(4, '0')))
    expect(once(links(documentAt(join(DECISIONS, 'README.md'))))).toEqual(expect.arrayContaining(files))
  })

  test('every decision says its context, what was decided, and which option lost', () => {
    const parts = ['context', 'decision', 'options-that-lost']
    const decisions = documents.filter(({ path }) => /^docs\/decisions\/\d/.test(path))
    const missing = decisions.flatMap(({ path, anchors }) =>
      parts.filter((part) => !anchors.has(part)).map((part) => `${path}: ${part}`),
    )
    expect(missing).toEqual([])
  })
})

describe('documents: paths', () => {
  const SOURCES = ['config', 'db', 'docs', 'functions', 'migrations', 'test']
  const files = [...readdirSync('.'), ...SOURCES.flatMap(below)]
  const names = new Set(files.map((path) => basename(path)))
  /** Written into each bundle by the node. */
  const BUNDLED = ['MANIFEST.json', 'README.md']

  const quoted = ({ prose }: Document): string[] => matches(prose, /`([^`\n]+)`/g)
  const isPath = (text: string): boolean => new RegExp(`^(?:${SOURCES.join('|')})/[\\w./-]*$`).test(text)
  const isFileName = (text: string): boolean => /^[\w-]+(?:\.[\w-]+)*\.(?:ts|yaml|json|md|service)$/.test(text)

  test('a path in backticks exists', () => {
    expect(documents.flatMap(quoted).filter(isPath).length).toBeGreaterThan(60)
    expect(faults((document) => quoted(document).filter((text) => isPath(text) && !existsSync(text)))).toEqual([])
  })

  test('a file name in backticks is that of some file', () => {
    const isUnknown = (text: string): boolean => isFileName(text) && !names.has(text) && !BUNDLED.includes(text)
    expect(faults((document) => quoted(document).filter(isUnknown))).toEqual([])
  })

  test('the index answers twenty questions with files that exist', () => {
    const { prose } = documentAt('CONTRIBUTING.md')
    const [, section = ''] = prose.split('## Where is …?\n')
    const rows = section.split('\n## ')[0]!.match(/^\| (?!Where|-).+$/gm) ?? []
    expect(rows.length).toBeGreaterThanOrEqual(20)
    const lost = rows.filter(
      (row) => !matches(row, /`([^`]+)`/g).some((text) => existsSync(text) && statSync(text).isFile()),
    )
    expect(lost).toEqual([])
  })
})

describe('documents: commands', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const IMPLIED = ['test', 'start']

  test('npm run names a script of package.json', () => {
    const named = ({ text }: Document): string[] => [
      ...matches(text, /\bnpm run (?:--silent )?([\w:-]+)/g),
      ...IMPLIED.filter((name) => new RegExp(`\\bnpm ${name}\\b`).test(text)),
    ]
    expect(once(documents.flatMap(named)).length).toBeGreaterThan(3)
    expect(faults((document) => named(document).filter((name) => scripts[name] === undefined))).toEqual([])
  })

  test('the README gives the command that tests a fresh clone', () => {
    expect(documentAt('README.md').code).toMatch(/^npm ci && npm test\b/m)
  })

  test('the README has at most 130 lines', () => {
    expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(130)
  })

  test('the demo and the lab have the options of docs/demo.md, and no others', () => {
    const optionsOf = (usage: string): string[] => once(matches(usage, /^ {2}--([a-z-]+)/gm))
    const [demo = '', lab = ''] = documentAt('docs/demo.md').prose.split('## The lab by itself')
    expect(optionsOf(USAGE).length).toBeGreaterThan(10)
    expect(once(matches(demo, /`--([a-z-]+)/g))).toEqual(optionsOf(USAGE))
    expect(once(matches(lab, /`--([a-z-]+)/g))).toEqual(optionsOf(LAB_USAGE))
  })
})

describe('documents: the HTTP interface', () => {
  // Only the routes are looked at; no request is made.
  const routes = createApp({} as unknown as Node, { full: null, read: null }).routes.filter(
    ({ method }) => method !== 'ALL',
  )
  const patterns = routes.map(({ method, path }) => ({
    method,
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll(/:\w+/g, '[^/]+')}$`),
  }))
  const calls = ({ code }: Document) =>
    matches(code, /\bcurl ([^\n;]*localhost:8080[^\n;#]*)/g).map((line) => ({
      line,
      method: /-X (\w+)/.exec(line)?.[1] ?? 'GET',
      path: /localhost:8080(\/[^\s'"?]*)/.exec(line)?.[1] ?? '/',
      body: /-d '([^']*)'/.exec(line)?.[1] ?? '{}',
    }))

  test('every curl of a document asks for a route that is served, with a body that is JSON', () => {
    expect(documents.flatMap(calls).length).toBeGreaterThan(15)
    const isServed = (asked: { method: string; path: string }): boolean =>
      patterns.some(({ method, pattern }) => method === asked.method && pattern.test(asked.path))
    expect(
      faults((document) =>
        calls(document)
          .filter((call) => !isServed(call))
          .map(({ line }) => line),
      ),
    ).toEqual([])
    for (const { body, line } of documents.flatMap(calls)) expect(() => JSON.parse(body), line).not.toThrow()
  })

  test('every route that is served is documented', () => {
    const { text } = documentAt('docs/http-api.md')
    expect(routes.length).toBeGreaterThan(15)
    expect(
      routes.map(({ method, path }) => `${method} ${path}`).filter((route) => !text.includes(`\`${route}\``)),
    ).toEqual([])
  })
})

describe('documents: quality checks', () => {
  const sources = below('functions/qc-partition').filter((path) => path.endsWith('.ts'))
  const flags = once(
    sources.flatMap((path) => [
      ...matches(read(path), /\bflag: '([A-Z_]+)'/g),
      ...matches(read(path), /flags\.add\('([A-Z_]+)'\)/g),
    ]),
  )

  test('every flag of a check stands in docs/quality-checks.md with a sentence', () => {
    const { prose } = documentAt('docs/quality-checks.md')
    expect(flags.length).toBeGreaterThan(40)
    expect(flags.filter((flag) => !prose.includes(`\`${flag}\``))).toEqual([])
  })
})

describe('documents: configuration', () => {
  const configuration = documentAt('docs/configuration.md').prose
  /** What the environment is asked for: the fields of the settings, and what the start reads beside them. */
  const variables = once([
    ...matches(read('functions/_runtime/settings.ts'), /^ {2}([A-Z][A-Z_]+):/gm),
    ...below('functions/_runtime')
      .filter((path) => path.endsWith('.ts'))
      .flatMap((path) => matches(read(path), /\benv\.([A-Z][A-Z_]+)\b/g)),
    ...CONNECTORS.flatMap(({ secrets }) => secrets),
  ])

  test('every environment variable stands in docs/configuration.md and in config/.env.example', () => {
    const example = read('config/.env.example')
    expect(variables.length).toBeGreaterThan(12)
    expect(variables.filter((name) => !configuration.includes(`\`${name}\``))).toEqual([])
    expect(variables.filter((name) => !new RegExp(`^${name}=`, 'm').test(example))).toEqual([])
  })

  test('config/.env.example sets no variable that nothing reads', () => {
    expect(matches(read('config/.env.example'), /^([A-Z_]+)=/gm).filter((name) => !variables.includes(name))).toEqual(
      [],
    )
  })

  test('every chain of cron.json and every function it calls is documented', async () => {
    const chains = await loadCron('cron.json')
    const named = once(chains.flatMap(({ id, steps }) => [id, ...steps.map(({ call }) => call)]))
    expect(named.filter((name) => !configuration.includes(`\`${name}\``))).toEqual([])
  })
})
