/** The quality report of a bundle in its parts. It is Markdown that export writes (functions/export/qc-report.ts): only what stands there is known here. */

export type Block =
  | { kind: 'title' | 'section' | 'text'; text: string }
  | { kind: 'cell'; symbol: string; dt: string; dataset: string; status: string }
  | { kind: 'picture'; path: string; text: string }
  | { kind: 'table'; heads: string[]; rows: string[][] }

const CELL = /^### (\S+) (\d{4}-\d{2}-\d{2}), (\w+): (\w+)$/
/** Nothing but a picture of the report's own folder. */
const PICTURE = /^!\[([^\]]*)\]\((pictures\/\d+\.svg)\)$/

/** Whatever is no known part is text. */
export const blocksOf = (report: string): Block[] =>
  report
    .split('\n\n')
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map(blockOf)

function blockOf(text: string): Block {
  const [, symbol, dt, dataset, status] = CELL.exec(text) ?? []
  if (symbol && dt && dataset && status) return { kind: 'cell', symbol, dt, dataset, status }
  const [, alt, path] = PICTURE.exec(text) ?? []
  if (alt !== undefined && path !== undefined) return { kind: 'picture', path, text: alt }
  if (text.startsWith('| ')) {
    const [heads = [], , ...rows] = text.split('\n').map(valuesOf)
    return { kind: 'table', heads, rows }
  }
  if (text.startsWith('## ')) return { kind: 'section', text: text.slice(3) }
  if (text.startsWith('# ')) return { kind: 'title', text: text.slice(2) }
  return { kind: 'text', text: plain(text) }
}

const valuesOf = (line: string): string[] => line.slice(2, -2).split(' | ').map(plain)
const plain = (text: string): string => text.replaceAll('**', '').replaceAll('`', '')
