/** A whole run slice by slice, in whichever way a slice is made: it can be killed and goes on where its notes end. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { codeOf } from '../_lake/disk.ts'
import type { Mode } from './check.ts'
import { addSlice } from './report.ts'
import { nothingVerified, type Verified } from './verify.ts'

export interface RunTerms {
  /** Which root and mode: notes of another run are not gone on with. */
  root: string
  mode: Mode
  listed: number
  /** The file of the notes; null for none. */
  notes: string | null
  slice(cursor: string | null): Promise<Verified>
  onSlice(sum: Verified): void
}

const Notes = z.object({ root: z.string(), mode: z.string(), verified: z.looseObject({ cursor: z.string() }) })

/** Adds slices up until nothing is left. The notes are removed by nobody: a run that ended leaves none to go on with. */
export async function runSlices(terms: RunTerms): Promise<Verified> {
  let sum = await readNotes(terms)
  do {
    sum = addSlice(sum, await terms.slice(sum.cursor), terms.listed)
    terms.onSlice(sum)
    await writeNotes(terms, sum)
  } while (sum.cursor !== null)
  return sum
}

async function readNotes({ root, mode, notes }: RunTerms): Promise<Verified> {
  if (notes === null) return nothingVerified()
  try {
    const read = Notes.parse(JSON.parse(await readFile(notes, 'utf8')))
    if (read.root === root && read.mode === mode) return { ...nothingVerified(), ...read.verified } as Verified
  } catch (error) {
    // Notes that are torn or of a run that ended: it begins anew, which costs time and nothing else.
    if (codeOf(error) !== undefined && codeOf(error) !== 'ENOENT') throw error
  }
  return nothingVerified()
}

async function writeNotes({ root, mode, notes }: RunTerms, verified: Verified): Promise<void> {
  if (notes === null) return
  await writeFile(`${notes}.tmp`, JSON.stringify({ root, mode, verified }))
  await rename(`${notes}.tmp`, notes)
}
