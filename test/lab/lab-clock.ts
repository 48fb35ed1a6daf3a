/** The clock of a lab's root: it stands still while no lab runs, and never goes back, so that a node of the root can go on. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { writeFileAtomic } from '../../functions/_lake/atomic.ts'
import type { Simulation } from '../../functions/_runtime/clock.ts'
import { OptionError } from '../demo/arguments.ts'

const FILE = 'lab-clock.json'
/** Real milliseconds between two notes. */
export const NOTE_EVERY_MS = 5_000

/** The evening of the demo, after its night has begun: a node that starts now catches up with it. */
const FIRST = instantOf('2025-07-08', '21:00')

interface Note {
  /** What the clock of this root showed at first. */
  begun: number
  shown: number
  speed: number
}

export interface LabClock {
  begun: number
  simulation: Simulation
  /** Writes down what the clock shows. */
  note(shown: number): Promise<void>
}

/**
 * Opens the clock of a root: a fresh one begins at `at`, another goes on behind all that a lab may have shown after its last note. Throws an OptionError
 * where it began at another instant than `at`.
 */
export async function openClock(
  root: string,
  at: number | undefined,
  speed: number,
  machine: number,
): Promise<LabClock> {
  const file = join(root, FILE)
  const noted = await readNote(file)
  const begun = noted?.begun ?? at ?? FIRST
  if (at !== undefined && at !== begun) {
    const [first, given] = [begun, at].map((instant) => new Date(instant).toISOString())
    throw new OptionError(
      `the clock of --root ${root} began --at ${first}, and this run is --at ${given}: leave --at out to go on, or give another --root`,
    )
  }
  const shown = noted === null ? begun : noted.shown + 2 * NOTE_EVERY_MS * noted.speed
  return {
    begun,
    simulation: { shown, machine, speed },
    note: (shown) => {
      const note: Note = { begun, shown, speed }
      return writeFileAtomic(file, Buffer.from(`${JSON.stringify(note)}\n`))
    },
  }
}

async function readNote(file: string): Promise<Note | null> {
  const text = await readFile(file, 'utf8').catch(() => null)
  return text === null ? null : JSON.parse(text)
}
