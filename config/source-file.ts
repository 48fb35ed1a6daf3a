/** A file of the configuration as values, with the line on which each value stands. */
import { readFile } from 'node:fs/promises'
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml'

export type Path = readonly (string | number)[]

export interface SourceFile {
  file: string
  value: unknown
  /** The line of a value, or of the nearest one around it that is written down; null where the file has no lines. */
  lineOf(path: Path): number | null
  /** How a plain value is written; null for maps, lists and values that are not there. */
  sourceOf(path: Path): string | null
}

/** Thrown with the faults of a file that cannot be read as values at all. */
export class UnreadableSource extends Error {
  readonly faults: string[]
  constructor(faults: string[]) {
    super(faults.join('\n'))
    this.name = 'UnreadableSource'
    this.faults = faults
  }
}

/** `variable` names the environment variable that leads to the file. Throws UnreadableSource. */
export async function readSource(file: string, variable: string): Promise<SourceFile> {
  const text = await readText(file, variable)
  if (file.endsWith('.txt')) return tickerList(file, text)
  const lines = new LineCounter()
  const document = parseDocument(text, { prettyErrors: true, merge: true, lineCounter: lines })
  if (document.errors.length > 0) {
    throw new UnreadableSource(
      document.errors.map(
        ({ code, message }) => `${file}: ${message.split('\n')[0]!.replace(/:$/, '')}${SYNTAX_ADVICE[code] ?? ''}`,
      ),
    )
  }
  if (file.endsWith('.json')) checkJson(file, text)
  return {
    file,
    value: document.toJS(),
    lineOf: (path) => {
      const { offset } = find(document, path)
      return offset === null ? null : lines.linePos(offset).line
    },
    sourceOf: (path) => {
      const { node, isWhole } = find(document, path)
      // A plain ticker stands for an entry with this symbol.
      return (isWhole || path.at(-1) === 'symbol') && isScalar(node) ? (node.source ?? null) : null
    },
  }
}

/** What to do about the syntax errors that people make. */
const SYNTAX_ADVICE: Record<string, string> = {
  TAB_AS_INDENT: ': replace the tab by spaces',
  DUPLICATE_KEY: ': the key stands twice, remove one of them',
  BAD_INDENT: ': give the lines of one map or list the same indentation',
  MISSING_CHAR: ': look for a missing comma, colon, quote or bracket',
}

async function readText(file: string, variable: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error
    throw new UnreadableSource([`${file}: cannot be read (${code}): create it or name another one in ${variable}`])
  }
}

/** JSON is stricter than YAML, in which its places are looked up. */
function checkJson(file: string, text: string): void {
  try {
    JSON.parse(text)
  } catch (error) {
    throw new UnreadableSource([`${file}: cannot be read as JSON: ${error instanceof Error ? error.message : error}`])
  }
}

/** One ticker a line; empty lines and what follows a # are left out. */
function tickerList(file: string, text: string): SourceFile {
  const listed = text
    .split(/\r?\n/)
    .map((line, at) => ({ symbol: line.replace(/#.*/, '').trim(), line: at + 1 }))
    .filter(({ symbol }) => symbol !== '')
  const at = ([, index]: Path) => (typeof index === 'number' ? (listed[index] ?? null) : null)
  return {
    file,
    value: { symbols: listed.map(({ symbol }) => symbol) },
    lineOf: (path) => at(path)?.line ?? null,
    sourceOf: (path) => at(path)?.symbol ?? null,
  }
}

interface Found {
  node: Node | null
  /** Where the key of the deepest step that was found begins, or its value in a list. */
  offset: number | null
  /** Whether all steps were found. */
  isWhole: boolean
}

function find(document: Document, path: Path): Found {
  let node = (document.contents ?? null) as Node | null
  let offset = node?.range?.[0] ?? null
  for (const step of path) {
    const next = stepInto(document, resolved(document, node), step)
    if (next === null) return { node, offset, isWhole: false }
    node = next.node
    offset = next.offset ?? offset
  }
  return { node: resolved(document, node), offset, isWhole: true }
}

const resolved = (document: Document, node: Node | null): Node | null =>
  isAlias(node) ? ((node.resolve(document) as Node | undefined) ?? null) : node

function stepInto(
  document: Document,
  node: Node | null,
  step: string | number,
): { node: Node | null; offset: number | null } | null {
  if (isSeq(node)) {
    const item = node.items[Number(step)] as Node | undefined
    return item === undefined ? null : { node: item, offset: item?.range?.[0] ?? null }
  }
  if (!isMap(node)) return null
  const pairs = node.items as Pair<Node, Node | null>[]
  const own = pairs.find(({ key }) => isScalar(key) && String(key.value) === String(step))
  if (own) return { node: own.value, offset: own.key.range?.[0] ?? null }
  for (const { key, value } of pairs) {
    if (!isScalar(key) || key.value !== '<<') continue
    const merged = stepInto(document, resolved(document, value), step)
    if (merged) return merged
  }
  return null
}
