/** I1, I14: every version the database has is in a file, and every raw file holds a version the database has. Names only. */
import { relative } from 'node:path'
import { type StoredVersion, versionsOfDay } from '../../../db/attempts/versions-of-day.ts'
import { type Check, datasetOfPlace } from '../check.ts'
import { type DayFiles, fileOf, listDay, rawPlaces, versionsByFile } from '../raw-day.ts'

type Kind =
  | 'raw-file-gone'
  | 'raw-file-unaccepted'
  | 'raw-temp-file'
  | 'raw-file-set-aside'
  | 'raw-name-unknown'
  | 'cell-lost'

export const check: Check<Kind> = {
  id: 'raw-files',
  about: 'raw files against the versions of the database, in both directions, by their names',
  mode: 'fast',
  needsDb: true,
  kinds: {
    'raw-file-gone': {
      invariant: 'I1',
      severity: 'warning',
      means: 'the database has a version whose file is not there',
      todo: 'The audit notices it and asks the vendors again; POST /audit {"rebuild":true} does so at once.',
    },
    'raw-file-unaccepted': {
      invariant: 'I14',
      severity: 'info',
      means: 'a raw file that the database never accepted; it is not curated',
      todo: 'POST /adopt {"verify":"rows"} takes it over, or move it away.',
    },
    'raw-temp-file': {
      invariant: 'I13',
      severity: 'warning',
      means: 'a file in the making that a killed process left',
      todo: 'The next start of the node removes it.',
    },
    'raw-file-set-aside': {
      invariant: 'I14',
      severity: 'info',
      means: 'a damaged file that the node put aside',
      todo: 'Nothing: its cells were asked for again. Delete it when you do not want to look at it.',
    },
    'raw-name-unknown': {
      invariant: 'I14',
      severity: 'info',
      means: 'a name that this node does not write; nothing reads it',
      todo: 'POST /adopt says what is wrong with it, or move it away.',
    },
    'cell-lost': {
      invariant: 'I14',
      severity: 'warning',
      means: 'the file of a cell was lost, and no vendor has delivered the cell since',
      todo: 'The node asks again; GET /why/DATASET/SYMBOL/DAY says when.',
    },
  },
  places: rawPlaces,
  async look(context, place, report) {
    const { dataset, rest: dt } = datasetOfPlace(context, place)
    const days = await listDay(context, dataset, dt)
    const versions = await versionsOfDay(context.db, dataset, dt)
    const pathOf = (file: string): string => relative(context.lake.root, file)
    const byVendor = new Map(days.map((day) => [day.vendor, day]))
    const present = new Set(versions.filter(({ isLost }) => !isLost).map(({ symbol }) => symbol))
    for (const version of versions) {
      const cell = `${version.vendor} ${dataset} ${version.symbol} ${dt}`
      if (version.isLost) {
        if (!present.has(version.symbol)) report('cell-lost', cell, 'a version', 'that its file was lost')
      } else if (fileOf(byVendor.get(version.vendor), version.symbol) === null) {
        report('raw-file-gone', cell, 'its raw file', 'none')
      }
    }
    for (const day of days) {
      for (const file of unaccepted(day, versions))
        report('raw-file-unaccepted', pathOf(file), 'a version of it', 'none')
      for (const file of day.temps) report('raw-temp-file', pathOf(file), 'no file in the making', 'one')
      for (const file of day.aside) report('raw-file-set-aside', pathOf(file), 'whole files', 'one set aside')
      for (const file of day.unknown)
        report('raw-name-unknown', pathOf(file), 'data.parquet or symbol=…', 'another name')
    }
    return versions.length + days.reduce((sum, day) => sum + day.bySymbol.size + (day.shared === null ? 0 : 1), 0)
  },
}

function unaccepted(day: DayFiles, versions: readonly StoredVersion[]): string[] {
  const accepted = versionsByFile(day, versions)
  // All cells of a shared file may lie in files of their own as well, while a day is compacted or where that was interrupted.
  const isAnyKnown = versions.some(({ vendor, isLost }) => vendor === day.vendor && !isLost)
  const files = [...(day.shared === null || isAnyKnown ? [] : [day.shared]), ...day.bySymbol.values()]
  return files.filter((file) => !accepted.has(file))
}
