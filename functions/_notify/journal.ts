/**
 * What was said and what waits, in one file off the data volume: messages must outlive a lost disk and a lost database. A file belongs to the process that
 * opened it last; an earlier one that still runs notices at its next write, and sends no more.
 */
import { createHash } from 'node:crypto'
import { access, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { writeFileAtomic } from '../_lake/atomic.ts'
import { codeOf } from '../_lake/disk.ts'
import { stateFile } from '../_lake/paths.ts'
import { REASON_CODES } from '../_market/reason-code.ts'
import type { Message } from './message.ts'

const Delivery = z.object({
  /** Epoch ms. */
  at: z.number(),
  ok: z.boolean(),
  /** What the receiver answered. */
  said: z.string(),
  /** Since when it has failed without a success, epoch ms; that of `at` where it has not. */
  since: z.number(),
})
export type Delivery = z.infer<typeof Delivery>

const Journal = z.object({
  format: z.literal(1),
  /** The process that writes it. */
  holder: z.string(),
  /** Reasons of which a message was made that they began, and none that they are over. */
  open: z.array(
    z.object({
      code: z.enum(REASON_CODES),
      about: z.string().exactOptional(),
      sentence: z.string(),
      since: z.number(),
      isDown: z.boolean(),
    }),
  ),
  /** Messages to send, in their order. */
  waiting: z.array(
    z.object({
      message: z.custom<Message>((value) => typeof value === 'object' && value !== null && 'details' in value),
      /** Tries that began. */
      tries: z.number(),
      /** Whether it waited for the end of quiet hours. */
      isHeld: z.boolean(),
    }),
  ),
  last: Delivery.nullable(),
  ping: z
    .object({
      /** The night it is for. */
      night: z.string(),
      tries: z.number(),
      isSent: z.boolean(),
      last: Delivery.nullable(),
    })
    .nullable(),
})
export type JournalState = z.infer<typeof Journal>

export interface Journal {
  /** Changed in place, then saved. */
  state: JournalState
  /** Returns when what the state holds is on the disk, or could not be written: the log says so, and messages go out all the same. False where another process has taken the file over. */
  save(): Promise<boolean>
}

export interface JournalTerms {
  file: string
  /** Tells this process from every other one. */
  holder: string
  log(event: string, fields: Record<string, unknown>): void
}

/** Beside what else is remembered off the data volume; where there is no such place, beside the database. */
export const journalFile = (stateDir: string | null, dataRoot: string): string =>
  join(
    stateDir ?? dirname(stateFile(dataRoot)),
    // One state directory may serve several nodes.
    `notifications-${createHash('sha256').update(dataRoot).digest('hex').slice(0, 12)}.json`,
  )

/** Null where there is none, or it cannot be read. */
export async function readJournal(file: string, onError?: (error: unknown) => void): Promise<JournalState | null> {
  try {
    return Journal.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') onError?.(error)
    return null
  }
}

/** Takes the file over from whoever had it. */
export async function openJournal({ file, holder, log }: JournalTerms): Promise<Journal> {
  // Without it what is wrong now is said once more.
  const found = await readJournal(file, (error) => log('notify.journal_lost', { file, error }))
  const state: JournalState = { format: 1, open: [], waiting: [], last: null, ping: null, ...found, holder }
  let isMine = false
  let hasFailed = false
  let writing: Promise<boolean> = Promise.resolve(true)

  async function write(): Promise<boolean> {
    try {
      if (isMine) {
        const there = await readJournal(file)
        if (there !== null && there.holder !== holder) {
          log('notify.taken_over', { file })
          return false
        }
      }
      // A folder that is gone is perhaps on a disk that is gone: it is not made again on what lies below.
      await access(dirname(file))
      await writeFileAtomic(file, Buffer.from(`${JSON.stringify(state, null, 1)}\n`))
      isMine = true
      hasFailed = false
    } catch (error) {
      // A disk that takes nothing is what a message may be about.
      if (!hasFailed) log('notify.record_failed', { error })
      hasFailed = true
    }
    return true
  }

  const journal: Journal = {
    state,
    save() {
      writing = writing.then((isOpen) => (isOpen ? write() : false))
      return writing
    },
  }
  await mkdir(dirname(file), { recursive: true }).catch((error: unknown) => log('notify.record_failed', { error }))
  await journal.save()
  return journal
}
