/**
 * In which zone adopted files are read whose stamps carry none, as it was said when they were adopted: beside the manifests a file
 * `zones-YYYY-MM-DD.jsonl` for each day of data, so that a reader of a day looks at one file, and a lost database loses none of it.
 */
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { ZONES, type Zone } from '../_calendar/zone.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { namesIn } from './disk.ts'
import { jsonLine } from './line-checksum.ts'
import { parsedLine, wholeLines } from './line-reader.ts'
import { appendLines } from './manifest.ts'
import { manifestFile } from './paths.ts'

/** What was said of one file. `path` is relative to the root of the data. Of two lines the later one counts. */
const ZoneNote = z.object({
  path: z.string().min(1),
  zone: z.enum(ZONES),
  adopted_at: z.iso.datetime({ precision: 3 }),
})
type ZoneNote = z.infer<typeof ZoneNote>

/** The notes of the files of one day. */
export const zoneNotesFile = (root: string, vendor: string, dataset: DatasetName, dt: Dt): string => {
  const manifest = manifestFile(root, vendor, dataset, dt)
  return join(dirname(manifest), basename(manifest).replace(/^manifest/, 'zones'))
}

/** Notes that cannot be read say nothing about the raw files: those are left where they are. */
export class UnreadableNotes extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause })
    this.name = 'UnreadableNotes'
  }
}

/** Writes down the zones of a vendor's files, durably, a day at a time; what is noted already is not written again. Kill it and call it again. */
export async function noteZones(
  root: string,
  { vendor, dataset }: { vendor: string; dataset: DatasetName },
  files: readonly { path: string; dt: Dt; zone: Zone }[],
  now: number,
): Promise<void> {
  const adoptedAt = new Date(now).toISOString()
  for (const dt of new Set(files.map((file) => file.dt))) {
    const noted = await readZoneNotes(root, vendor, dataset, [dt])
    const lines = files
      .filter((file) => file.dt === dt && noted.get(file.path) !== file.zone)
      .map(({ path, zone }): ZoneNote => ({ path, zone, adopted_at: adoptedAt }))
    await appendLines(zoneNotesFile(root, vendor, dataset, dt), lines.map(jsonLine))
  }
}

/** The zones that are noted of raw files, by file. */
export async function notedZones(
  root: string,
  files: readonly { file: string; vendor: string; dataset: DatasetName; dt: Dt }[],
): Promise<Map<string, Zone>> {
  const days = new Map<string, { vendor: string; dataset: DatasetName; dts: Set<Dt> }>()
  for (const { vendor, dataset, dt } of files) {
    const key = `${vendor} ${dataset}`
    const known = days.get(key)
    if (known) known.dts.add(dt)
    else days.set(key, { vendor, dataset, dts: new Set([dt]) })
  }
  const noted = new Map<string, Zone>()
  for (const { vendor, dataset, dts } of days.values()) {
    for (const [path, zone] of await readZoneNotes(root, vendor, dataset, [...dts])) noted.set(join(root, path), zone)
  }
  return noted
}

/**
 * The zones that are noted of a vendor's files on these days, by path relative to the root. A last line that is not whole was being written when the
 * process died: its cells were not adopted. Throws UnreadableNotes, which names file and byte, for any other that cannot be read: without it files
 * would be read hours off.
 */
export async function readZoneNotes(
  root: string,
  vendor: string,
  dataset: DatasetName,
  dts: readonly Dt[],
): Promise<Map<string, Zone>> {
  const zones = new Map<string, Zone>()
  const wanted = dts.map((dt) => zoneNotesFile(root, vendor, dataset, dt))
  const [first] = wanted
  if (first === undefined) return zones
  const there = new Set(await namesIn(dirname(first)))
  for (const file of wanted) {
    if (!there.has(basename(file))) continue
    try {
      for await (const line of wholeLines(file, 0)) {
        const found = parsedLine(ZoneNote, line)
        if ('bad' in found)
          throw new Error(`a line at byte ${found.bad.byte} is not as it was written: ${found.bad.why}`)
        zones.set(found.value.path, found.value.zone)
      }
    } catch (error) {
      throw new UnreadableNotes(
        `expected the zones of adopted files in ${file}, got ${error instanceof Error ? error.message : String(error)}. Take the bad lines out, and adopt their files again with "zone"`,
        error,
      )
    }
  }
  return zones
}
