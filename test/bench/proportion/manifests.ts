/** What a settled cell costs in the manifests of closed days: real lines of a universe of 200 symbols with seeded digests, compressed and read back. */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { calendarOf } from '../../../functions/_calendar/calendar.ts'
import { compressStretch, replaceByCompressed } from '../../../functions/_lake/compress-lines.ts'
import { compressedPath } from '../../../functions/_lake/compressed-lines.ts'
import { sha256 } from '../../../functions/_lake/digest.ts'
import { openLake } from '../../../functions/_lake/lake.ts'
import { appendLines, readManifests } from '../../../functions/_lake/manifest.ts'
import { endOfLines, lineWriter } from '../../../functions/_lake/manifest-lines.ts'
import { manifestFile, type RawLayout, rawFile } from '../../../functions/_lake/paths.ts'
import type { DatasetName } from '../../../functions/_market/cell.ts'
import type { Dt } from '../../../functions/_market/dt.ts'
import { type BenchRow, figure } from '../row.ts'

const DAY = '2025-07-08'
const BEGUN = Date.parse(DAY)
/** Bytes that a cell may cost in compressed manifests. */
const MOST = { daily: 60, minute: 90 }

/** How a vendor's answers come: so many symbols and days a call, cells of a day in one file or each in its own. */
interface Source {
  name: string
  most: number
  vendor: string
  dataset: DatasetName
  layout: RawLayout
  symbols: number
  days: number
  msPerCall: number
}
const SOURCES: Source[] = [
  {
    ...{ name: 'daily cells, many symbols a call', most: MOST.daily, vendor: 'alpaca', dataset: 'equities_bars' },
    ...{ layout: 'date', symbols: 40, days: 250, msPerCall: 313 },
  },
  {
    ...{ name: 'daily cells, a symbol a call', most: MOST.daily, vendor: 'massive', dataset: 'equities_bars' },
    ...{ layout: 'date', symbols: 1, days: 5_000, msPerCall: 12_007 },
  },
  {
    ...{ name: 'minute cells', most: MOST.minute, vendor: 'alpaca', dataset: 'equities_bars_minute' },
    ...{ layout: 'date-symbol', symbols: 25, days: 1, msPerCall: 313 },
  },
]

/** The rows of the benchmark: `cells` daily cells of either kind of call, and as many of minutes. */
export async function manifestRows(cells: number): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  for (const source of SOURCES) rows.push(...(await measured(source, cells)))
  return rows
}

async function measured(source: Source, cells: number): Promise<BenchRow[]> {
  const root = await mkdtemp(join(tmpdir(), 'data-node-manifests-'))
  try {
    const path = manifestFile(root, source.vendor, source.dataset, DAY)
    await writeLines(root, path, source, cells)
    const plain = (await stat(path)).size
    const memory = watchMemory()
    const begun = performance.now()
    while ((await compressStretch({ path, kind: 'manifest', known: new Set() })).state !== 'compressed');
    if (!(await replaceByCompressed(path))) throw new Error(`expected ${path} to be compressed`)
    const seconds = (performance.now() - begun) / 1_000
    const rssMb = memory.stop()
    const read = await linesRead(root)
    if (read !== cells) throw new Error(`expected ${cells} lines back, got ${read}`)
    const { name, most } = source
    return [
      figure(`${name}: bytes a cell in a plain manifest`, plain / cells, 'B'),
      figure(`${name}: bytes a cell, compressed`, (await stat(compressedPath(path))).size / cells, 'B', most),
      figure(`${name}: compressed and compared, a million cells`, (seconds * 1e6) / cells, 's'),
      figure(`${name}: peak RSS meanwhile`, rssMb, 'MB', 400),
    ]
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** Writes the lines call by call, as the node appends them, until there are enough. */
async function writeLines(root: string, path: string, source: Source, cells: number): Promise<void> {
  const { vendor, dataset, layout, symbols, days, msPerCall } = source
  const sessions = calendarOf('xnys').sessions('2005-01-03', '2025-07-07')
  const origin = { vendor, feed: 'sip', adjustment: 'raw', fetchedAt: BEGUN } as const
  let [left, call] = [cells, 0]
  let texts: string[] = []
  const append = async (): Promise<void> => {
    await appendLines(path, texts)
    texts = []
  }
  // A universe of 200 at a time, and the next 200 once all of its days are there.
  for (let universe = 0; left > 0; universe += UNIVERSE) {
    for (let day = 0; day < sessions.length && left > 0; day += days) {
      for (let first = 0; first < UNIVERSE && left > 0; first += symbols) {
        const fetchedAt = new Date(BEGUN + call++ * msPerCall).toISOString()
        const lineOf = lineWriter(dataset, vendor)
        for (const dt of sessions.slice(day, day + days)) {
          for (let at = universe + first; at < universe + first + symbols && left > 0; at++, left--) {
            const symbol = tickerOf(at)
            const file = relative(root, rawFile(root, vendor, dataset, layout, dt, symbol))
            const decision = {
              verdict: 'new',
              rows: rowsOf(dataset, dt, at),
              digest: sha256(`cell ${dt} ${at}`),
            } as const
            const cell = {
              symbol,
              dt,
              origin,
              decision: { ...decision, previous: null, refused: null },
              difference: null,
            }
            texts.push(lineOf(cell, endOfLines(file, sha256(`file ${file} ${call}`), fetchedAt)))
          }
        }
        if (texts.length > 20_000) await append()
      }
    }
  }
  await append()
}

const UNIVERSE = 200

/** Three or four letters, as nearly all tickers have, each once. */
function tickerOf(at: number): string {
  const length = 3 + (at % 2)
  const places = 26 ** length
  // Neighbours in a list have little in common but their first letters: a step that shares no factor with 26 visits each once.
  let rest = (Math.floor(at / 2) * 7_919) % places
  let ticker = ''
  for (let place = 0; place < length; place++) {
    ticker += String.fromCharCode(65 + (rest % 26))
    rest = Math.floor(rest / 26)
  }
  return ticker
}

const rowsOf = (dataset: DatasetName, dt: Dt, at: number): number =>
  dataset === 'equities_bars' ? 1 : 380 + (parseInt(sha256(`rows ${dt} ${at}`).slice(0, 4), 16) % 11)

async function linesRead(root: string): Promise<number> {
  let count = 0
  for await (const { lines, bad } of readManifests(openLake({ root, exportRoot: root }), () => 0))
    count += lines.length + bad.length
  return count
}

/** The highest resident set, MB, as often as the event loop turns. */
function watchMemory(): { stop(): number } {
  let highest = 0
  const look = (): void => {
    highest = Math.max(highest, process.memoryUsage.rss())
  }
  const timer = setInterval(look, 20)
  return {
    stop() {
      look()
      clearInterval(timer)
      return highest / 1e6
    },
  }
}
