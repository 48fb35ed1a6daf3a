/** I1, I2: every manifest line can be read, and the database knows what it tells, or something newer. */
import { open, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { z } from 'zod'
import { type Attempt, listAttempts } from '../../../db/attempts/list-attempts.ts'
import { storedVersions } from '../../../db/manifests/stored-versions.ts'
import { AdoptedLine } from '../../_lake/adopted-manifest.ts'
import { badLinesOf } from '../../_lake/bad-lines.ts'
import { isSameDigest } from '../../_lake/digest.ts'
import { lineFileAt, linesOf } from '../../_lake/line-files.ts'
import { NEWLINE, parsedLine } from '../../_lake/line-reader.ts'
import { type CellEntry, isOfCell, ManifestEntry } from '../../_lake/manifest.ts'
import { manifestRoot } from '../../_lake/paths.ts'
import { cellKey } from '../../_market/cell.ts'
import type { Check, ContextWithDb, Report } from '../check.ts'
import { manifestNames } from '../manifest-index.ts'

type Kind =
  | 'manifest-line-unreadable'
  | 'manifest-line-set-aside'
  | 'manifest-line-torn'
  | 'manifest-line-unknown'
  | 'lost-cell-claimed'

type Line = CellEntry | AdoptedLine

const LINES_AT_ONCE = 2_000

export const check: Check<Kind> = {
  id: 'manifest-lines',
  about: 'every manifest line against the database',
  mode: 'exact',
  needsDb: true,
  kinds: {
    'manifest-line-unreadable': {
      invariant: 'I2',
      severity: 'warning',
      means: 'a manifest line cannot be read',
      todo: 'The scrub of the audit sets it aside within forty nights and compares its cells with the files; POST /audit {"rebuild":true} does so at once.',
    },
    'manifest-line-set-aside': {
      invariant: 'I14',
      severity: 'info',
      means: 'a manifest line that cannot be read, which the node set aside',
      todo: 'Nothing: its cells were compared with the files and written down again.',
    },
    'manifest-line-torn': {
      invariant: 'I2',
      severity: 'warning',
      means: 'a manifest ends in half a line, as a killed process leaves it',
      todo: 'The next start cuts it off; its cell is asked for again.',
    },
    'manifest-line-unknown': {
      invariant: 'I1',
      severity: 'warning',
      means: 'a line tells of an answer that the database does not know',
      todo: 'The next start replays it; POST /audit {"rebuild":true} does so at once.',
    },
    'lost-cell-claimed': {
      invariant: 'I1',
      severity: 'warning',
      means: 'a line says that the file of a cell was lost, and the database still has the cell',
      todo: 'POST /audit {"rebuild":true} replays the manifests.',
    },
  },
  places: manifestNames,
  async look(context, place, report) {
    const path = join(manifestRoot(context.lake.root), place)
    const file = await lineFileAt(path)
    if (file === null) return 0
    if (file.form === 'plain' && (await isTorn(path)))
      report('manifest-line-torn', place, 'a whole last line', 'half a line')
    const setAside = await badLinesOf(path)
    const schema: z.ZodType<ManifestEntry | AdoptedLine> = basename(path).startsWith('adopted')
      ? AdoptedLine
      : ManifestEntry
    let lines: Line[] = []
    let read = 0
    for await (const line of linesOf(file, 0)) {
      read += 1
      const found = parsedLine(schema, line)
      if ('value' in found) {
        const { value } = found
        // What a compaction says is of a file: the hashes of raw files are compared with it.
        if (!('verdict' in value) || isOfCell(value)) lines.push(value)
      } else {
        const isSetAside = setAside.isRepaired && setAside.lines.some(({ byte }) => byte === line.start)
        const kind = isSetAside ? 'manifest-line-set-aside' : 'manifest-line-unreadable'
        report(kind, `${place} at byte ${line.start}`, 'a line as it was written', found.bad.why.split('\n')[0] ?? '')
      }
      if (lines.length < LINES_AT_ONCE) continue
      await compareLines(context, place, lines, report)
      lines = []
    }
    await compareLines(context, place, lines, report)
    return read
  },
}

async function compareLines(
  context: ContextWithDb,
  place: string,
  lines: readonly Line[],
  report: Report<Kind>,
): Promise<void> {
  const [first] = lines
  if (first === undefined || !context.config.datasets[first.dataset]) return
  // Of several lines of a cell the last one counts.
  const newest = [...new Map(lines.map((line) => [cellKey(line.symbol, line.dt), line])).values()]
  const attempts = await listAttempts(context.db, first.dataset, newest)
  const known = new Map(attempts.map((one) => [`${one.vendor} ${cellKey(one.symbol, one.dt)}`, one]))
  for (const line of newest) {
    const attempt = known.get(`${line.vendor} ${cellKey(line.symbol, line.dt)}`)
    const where = `${place}: ${line.symbol} ${line.dt}`
    if ('verdict' in line && line.verdict === 'set_aside') {
      if (attempt && storedVersions(attempt) && attempt.at < Date.parse(line.at))
        report('lost-cell-claimed', where, 'no version, or a newer one', 'an older one')
    } else if (!isKnown(attempt, line)) {
      report('manifest-line-unknown', where, 'digest' in line ? line.digest : 'a version', digestText(attempt))
    }
  }
}

/** Is what the line tells, or something that came after it, in the database? */
function isKnown(attempt: Attempt | undefined, line: Exclude<Line, { verdict: 'set_aside' }>): boolean {
  if (attempt === undefined) return false
  if (!('digest' in line)) return storedVersions(attempt) || attempt.at >= Date.parse(line.adopted_at)
  const written = Math.max(Date.parse(line.fetched_at), Date.parse(line.adopted_at ?? line.fetched_at))
  return (
    isSameDigest(attempt.digest, line.digest) || attempt.at > written || (isEnded(attempt) && attempt.at >= written)
  )
}

const isEnded = ({ outcome }: Attempt): boolean => outcome === 'lost' || outcome === 'forgotten'

const digestText = (attempt: Attempt | undefined): string => attempt?.digest ?? attempt?.outcome ?? 'nothing'

async function isTorn(file: string): Promise<boolean> {
  const { size } = await stat(file)
  if (size === 0) return false
  const handle = await open(file, 'r')
  try {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
    return buffer[0] !== NEWLINE
  } finally {
    await handle.close()
  }
}
