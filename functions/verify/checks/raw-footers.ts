/** I2, I1: every raw file parses to its footer and holds at least the rows that were accepted of its cells. */
import { relative } from 'node:path'
import { type StoredVersion, versionsOfDay } from '../../../db/attempts/versions-of-day.ts'
import { readableFooters } from '../../_lake/bisect-unreadable.ts'
import { type Check, datasetOfPlace } from '../check.ts'
import { daysOfGroup, listDay, rawGroups, versionsByFile } from '../raw-day.ts'

type Kind = 'raw-file-unreadable' | 'raw-rows-missing' | 'unaccepted-file-unreadable'

const AT_ONCE = 400

export const check: Check<Kind> = {
  id: 'raw-footers',
  about: 'footers of raw files against the rows that were accepted',
  mode: 'exact',
  needsDb: true,
  kinds: {
    'raw-file-unreadable': {
      invariant: 'I2',
      severity: 'warning',
      means: 'a raw file cannot be read',
      todo: 'The node sets it aside when it reads it, and asks for its cells again.',
    },
    'raw-rows-missing': {
      invariant: 'I1',
      severity: 'warning',
      means: 'a raw file holds fewer rows than were accepted',
      todo: 'The node notices it when it reads the file, and asks for its cells again.',
    },
    'unaccepted-file-unreadable': {
      invariant: 'I2',
      severity: 'info',
      means: 'a file that the database never accepted cannot be read',
      todo: 'Move it away: nothing reads it.',
    },
  },
  places: rawGroups,
  async look(context, place, report) {
    const { dataset } = datasetOfPlace(context, place)
    const { root, duck } = context.lake
    const accepted = new Map<string, StoredVersion[]>()
    const files: string[] = []
    for (const dt of daysOfGroup(context, place)) {
      const versions = await versionsOfDay(context.db, dataset, dt)
      for (const day of await listDay(context, dataset, dt)) {
        for (const [file, own] of versionsByFile(day, versions)) accepted.set(file, own)
        files.push(...(day.shared === null ? [] : [day.shared]), ...day.bySymbol.values())
      }
    }
    for (let at = 0; at < files.length; at += AT_ONCE) {
      const footers = await readableFooters(duck, files.slice(at, at + AT_ONCE), (file, reason) => {
        const kind = accepted.has(file) ? 'raw-file-unreadable' : 'unaccepted-file-unreadable'
        report(kind, relative(root, file), 'a Parquet file', reason)
      })
      for (const [file, { rows }] of footers) {
        const least = (accepted.get(file) ?? []).reduce((sum, version) => sum + version.rows, 0)
        if (rows < least) report('raw-rows-missing', relative(root, file), `at least ${least} rows`, `${rows}`)
      }
    }
    return files.length
  },
}
