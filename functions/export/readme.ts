/** README.md of a bundle: what it promises, in a page that a person reads. */
import type { Corrections } from '../../db/corrections/list-corrections.ts'
import type { SecondViews } from '../../db/second-views/list-second-views.ts'
import { differenceText, percentText } from '../_market/difference.ts'
import { CONDITION_PATH } from './condition-table.ts'
import type { LedgerFacts } from './ledger-facts.ts'
import { LOAD_SCRIPT } from './load-script.ts'
import { type Change, isComplete, type ManifestParts } from './manifest.ts'
import { SCHEMA, tablePatterns } from './schema.ts'
import { AVAILABILITY_PATH, CALENDAR_PATH, FACTORS_PATH, INSTRUMENTS_PATH } from './stage-tables.ts'
import type { BundleFile } from './stage-vouched.ts'
import { VIEWS } from './views.ts'
import { vintagesPath } from './vintages-table.ts'

/** Changed files that are named; the manifest has them all. */
const MOST_CHANGES = 40
/** Partitions, and lacking cells, that are named; the manifest has more. */
const MOST_INCOMPLETE = 40
/** Corrected cells that are named; the manifest has more. */
const MOST_CORRECTIONS = 40

type ReadmeParts = Omit<ManifestParts, 'files'> & { data: readonly BundleFile[] }

/** The page's text: the same for the same bundle, whenever it is made. */
export function readmeText(parts: ReadmeParts): string {
  const { facts } = parts
  return [
    `${cardHeader(parts)}# Market data up to ${parts.asof}`,
    [
      'Checked and complete as far as it says below. Every row belongs to a cell (dataset, symbol, trading day) that the checks let pass;',
      `cells judged RED are kept back and named here. Rules: ${parts.ruleset}; node ${parts.nodeVersion}.`,
      'Verify with `sha256sum -c SHA256SUMS`. Prices are as traded, never adjusted. `qc/report.md` shows cells by flag and day, and the worst of them.',
      isComplete(parts)
        ? 'Complete: every partition is as the node has it, and no cell of an earlier bundle is missing without a reason.'
        : '**Not complete.** What is missing or behind is named here.',
    ].join('\n'),
    section('Tables', tables(parts), ''),
    ...(isComplete(parts) ? [] : [section('Missing or behind', incomplete(parts), '')]),
    section('Coverage', coverage(parts), 'No dataset is configured.'),
    section(
      'Held back',
      table(
        ['dataset', 'flags', 'cells'],
        facts.heldByFlags.map(({ dataset, flags, cells }) => [dataset, flags, cells]),
      ),
      'Nothing.',
    ),
    section(
      'Explained absences',
      table(
        ['dataset', 'reason', 'cells'],
        facts.absences.map(({ dataset, reason, cells }) => [dataset, reason, cells]),
      ),
      'None.',
    ),
    section('Vendors', vendors(facts), 'None.'),
    section(
      'Calendars',
      table(
        ['calendar', 'right until'],
        Object.entries(parts.calendar).sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
      'None.',
    ),
    section(
      parts.previous === null ? 'Changes' : `Changes since ${parts.previous}`,
      parts.previous === null ? '' : changes(parts.changes),
      parts.previous === null ? 'There is no earlier bundle.' : 'None.',
    ),
    ...(parts.previous === null
      ? []
      : [
          section('Corrected by the vendor', corrections(parts.corrections), 'Nothing.'),
          section('Decided by a second vendor', secondViews(parts.secondViews), 'Nothing.'),
          section('Fewer rows than before, so the old ones were kept', correctedCells(parts.refused), 'Nothing.'),
        ]),
  ].join('\n\n')
}

/** The header by which the library `datasets` of Hugging Face loads each table of the folder by its name. */
function cardHeader({ data }: ReadmeParts): string {
  const configs = tablePatterns(data).map(
    ({ table: name, files }) => `- config_name: ${name}\n  data_files: ${JSON.stringify(files)}\n`,
  )
  return configs.length === 0 ? '' : `---\nconfigs:\n${configs.join('')}---\n`
}

/** What is computed from the data, and how prices are adjusted. */
function tables({ data }: ReadmeParts): string {
  const about: [string, string][] = [
    [
      CALENDAR_PATH,
      'sessions of the stock exchange (`xnys`: open, close, half days) and days with Treasury yields (`fed`)',
    ],
    [INSTRUMENTS_PATH, 'tickers of each symbol with their days, name, exchange, type, and who states them'],
    [AVAILABILITY_PATH, 'per dataset and day the instant from which a trader could have known its rows'],
    [
      FACTORS_PATH,
      'per symbol and ex-date the factors for splits and for dividends, and their products back from the newest',
    ],
    [vintagesPath('macro_treasury'), 'every published value of each yield, with the day on which it became known'],
    [
      CONDITION_PATH,
      'per dataset and day whether it is complete, degraded, pending or missing, and from when on it is final',
    ],
    [SCHEMA, 'every column with its type, unit and meaning'],
    [
      LOAD_SCRIPT,
      'Python: verifies the bundle, reads bars, adjusted or as traded, and what was known at an instant; needs the package duckdb',
    ],
    [
      VIEWS,
      'each dataset with `available_at`, daily bars with adjusted prices: `duckdb -init views.sql` in this folder',
    ],
  ]
  const there = new Set([...data.map(({ path }) => path), SCHEMA])
  const list = about.filter(([path]) => there.has(path)).map(([path, what]) => [`\`${path}\``, what])
  const how = there.has(FACTORS_PATH)
    ? '\nAn adjusted price is the raw one times the cumulative factor of the first ex-date after its day, and the raw one where there is none.\n'
    : ''
  return `${table(['file', 'what it holds'], list)}${how}`
}

const section = (title: string, body: string, empty: string): string =>
  `## ${title}\n\n${body === '' ? `${empty}\n` : body}`.trimEnd()

function incomplete({ incomplete: partitions, lacking }: Omit<ManifestParts, 'files'>): string {
  const behind = table(
    ['dataset', 'partition', 'in here', 'why', 'cells that are not in here'],
    partitions
      .slice(0, MOST_INCOMPLETE)
      .map(({ dataset, partition, leftOut, reason, cells }) => [
        dataset,
        partition,
        leftOut ? 'no' : 'as it was before',
        reason,
        leftOut ? cells : '',
      ]),
  )
  const more =
    partitions.length > MOST_INCOMPLETE
      ? [`And ${partitions.length - MOST_INCOMPLETE} more partitions; MANIFEST.json names all.\n`]
      : []
  if (lacking === null) return [behind, ...more].join('\n')
  const lost = lacking.cells
    .slice(0, MOST_INCOMPLETE)
    .map(({ dataset, symbol, dt, now }) => `- ${dataset} ${symbol} ${dt} (${now})\n`)
  const rest = lacking.total - lost.length
  if (rest > 0) lost.push(`- and ${rest} more; MANIFEST.json names ${lacking.cells.length}\n`)
  return [
    ...(behind === '' ? [] : [behind]),
    ...more,
    `Cells that the bundle of ${lacking.than} has and this one has not: ${lacking.total}\n\n${lost.join('')}`,
  ].join('\n')
}

/** What is expected and what is in here, also of datasets of which nothing was judged yet; then what the checks said. */
function coverage({ coverage: datasets, facts }: Omit<ManifestParts, 'files'>): string {
  if (datasets.length === 0) return ''
  const counts = table(
    ['dataset', 'expected', 'present', 'held back', 'explained absences', 'missing'],
    datasets.map((row) => [row.dataset, row.expected, row.present, row.held, row.absent, row.missing]),
  )
  const judged = table(
    ['dataset', 'first day', 'last day', 'cells judged', 'GREEN', 'AMBER', 'RED', 'rows that passed'],
    facts.coverage.map((row) => [row.dataset, row.first, row.last, row.cells, row.green, row.amber, row.red, row.rows]),
  )
  return judged === '' ? counts : `${counts}\n${judged}`
}

function vendors(facts: LedgerFacts): string {
  const totals = new Map<string, number>()
  for (const { dataset, cells } of facts.vendors) totals.set(dataset, (totals.get(dataset) ?? 0) + cells)
  return table(
    ['dataset', 'vendor', 'feed', 'cells', 'share', 'rows'],
    facts.vendors.map(({ dataset, vendor, feed, cells, rows }) => {
      const share = (100 * cells) / (totals.get(dataset) ?? cells)
      return [dataset, vendor, feed, cells, `${share.toFixed(1)} %`, rows]
    }),
  )
}

function changes(list: readonly Change[]): string {
  if (list.length === 0) return ''
  const lines = list.slice(0, MOST_CHANGES).map(({ path, change }) => `- ${change}: ${path}`)
  if (list.length > MOST_CHANGES) lines.push(`- and ${list.length - MOST_CHANGES} more, all named in MANIFEST.json`)
  return `${lines.join('\n')}\n`
}

/** Of cells that two vendors have delivered and that differ, or that QC doubted: what came of it. */
function secondViews({ total, cells }: SecondViews): string {
  if (total === 0) return ''
  const list = cells
    .slice(0, MOST_CHANGES)
    .map(({ dataset, symbol, dt, vendor, secondVendor, action }) => [dataset, symbol, dt, vendor, secondVendor, action])
  const rest = total > list.length ? `\n${total - list.length} more; MANIFEST.json names up to a thousand.\n` : ''
  return `${table(['dataset', 'symbol', 'day', 'vendor', 'second vendor', 'outcome'], list)}${rest}`
}

/** Cells an earlier bundle may have carried with other values. */
function corrections(all: Corrections): string {
  if (all.counts.length === 0) return ''
  const summary = table(
    ['dataset', 'corrections', 'measured'],
    all.counts.map((row) => [row.dataset, row.corrections, row.measured]),
  )
  const fields = table(
    ['dataset', 'field', 'cells', 'rows', 'largest change'],
    all.fields.map(({ dataset, field, cells, rows, largest }) => [
      dataset,
      field,
      cells,
      rows,
      largest === null ? '' : percentText(largest),
    ]),
  )
  return `${summary}\n${fields}${fields === '' ? '' : '\n'}${correctedCells(all)}`
}

function correctedCells({ cells, counts }: Corrections): string {
  const total = counts.reduce((sum, row) => sum + row.corrections, 0)
  if (total === 0) return ''
  const shown = cells.slice(0, MOST_CORRECTIONS)
  const lines = shown.map(({ dataset, symbol, dt, vendor, rowsBefore, rows, window, difference }) => {
    const when = window === null ? '' : `, ${window} session${window === 1 ? '' : 's'} later`
    const counted = rows === rowsBefore ? '' : ` (rows: ${rowsBefore} before, now ${rows})`
    return `- ${dataset} ${symbol} ${dt} (${vendor}${when}): ${differenceText(difference)}${counted}`
  })
  if (total > shown.length) lines.push(`- and ${total - shown.length} more; MANIFEST.json names ${cells.length}`)
  return `${lines.join('\n')}\n`
}

function table(head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  if (rows.length === 0) return ''
  const line = (cells: readonly (string | number | null)[]) => `| ${cells.map((cell) => cell ?? '').join(' | ')} |\n`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('')
}
