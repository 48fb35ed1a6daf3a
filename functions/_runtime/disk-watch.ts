/**
 * Watches the room on the disks the node writes to, and walks down a ladder as it shrinks: backfill stops, finished work is pruned, the datasets of
 * lowest priority stop, no vendor is called any more. It walks up again by itself. Nothing that is written before a step is reached is touched.
 */
import { statfs as systemStatfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../config/schema.ts'
import type { Reason } from '../_http/health.ts'
import { type Clock, DISK_LEVELS, type DiskLevel, type DiskWatch } from '../_http/node.ts'
import { removeDurable, writeFileAtomic } from '../_lake/atomic.ts'
import { codeOf } from '../_lake/disk.ts'
import type { Log } from './log.ts'

type Statfs = (path: string) => Promise<{ bavail: number; blocks: number; bsize: number }>

export interface DiskWatchTerms {
  /** Folders that are written to. */
  folders: readonly string[]
  config: Config['disk']
  clock: Clock
  log: Log
  /** Makes room; called once when that level is reached and now and then below it. */
  prune(): Promise<void>
  statfs?: Statfs
}

const GB = 1e9
const LOOK_EVERY_MS = 5_000
const PRUNE_EVERY_MS = 10 * 60_000
/** The way up needs so much more than the way down, or the ladder would be walked at every file. */
const WAY_UP = 1.1
/** A trial write is as large as a small answer; after each answer of the last hour that did not fit all the same, twice as large. */
const TRIAL_BYTES = 1_000_000
const LARGEST_TRIAL_BYTES = 64_000_000
const FORGET_MS = 3_600_000
const FULL = /^(ENOSPC|EDQUOT|EROFS|SQLITE_FULL|SQLITE_READONLY)/

export function diskWatch(terms: DiskWatchTerms): DiskWatch {
  const { folders, config, clock, log, prune, statfs = systemStatfs as unknown as Statfs } = terms
  let level: DiskLevel = 'ok'
  let since = 0
  let room = { folder: folders[0] ?? '', free: Number.POSITIVE_INFINITY, total: Number.POSITIVE_INFINITY }
  let lookedAt = Number.NEGATIVE_INFINITY
  let prunedAt = Number.NEGATIVE_INFINITY
  let refused: { code: string; since: number } | null = null
  let failures = 0
  let failedAt = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | null = null

  const isBelow = (step: DiskLevel): boolean => DISK_LEVELS.indexOf(level) >= DISK_LEVELS.indexOf(step)

  async function measure(): Promise<void> {
    const rooms = await Promise.all(
      folders.map(async (folder) => {
        const { bavail, blocks, bsize } = await statfs(folder)
        return { folder, free: bavail * bsize, total: blocks * bsize }
      }),
    )
    const steps = rooms.map((one) => levelOf(one, level))
    const worst = steps.reduce((at, step, index) => (step > (steps[at] as number) ? index : at), 0)
    room = rooms[worst] ?? room
    const next = DISK_LEVELS[steps[worst] ?? 0] as DiskLevel
    if (next === level) return
    log('disk.level_changed', {
      from: level,
      to: next,
      folder: room.folder,
      freeBytes: room.free,
      totalBytes: room.total,
    })
    level = next
    since = clock.now()
  }

  /** The step a disk is on, as an index of DISK_LEVELS; `present` is where the ladder stands. */
  function levelOf({ free, total }: { free: number; total: number }, present: DiskLevel): number {
    const marks = [config.stop_backfill_below, config.prune_below, config.stop_datasets_below, config.stop_calls_below]
    const now = DISK_LEVELS.indexOf(present)
    return marks.filter(({ gb, percent }, index) => {
      const mark = Math.min(gb * GB, (total * percent) / 100)
      return free < (index < now ? mark * WAY_UP : mark)
    }).length
  }

  async function tryWriting(): Promise<void> {
    const trial = join(room.folder, '.room-for-an-answer')
    try {
      await writeFileAtomic(trial, Buffer.alloc(Math.min(LARGEST_TRIAL_BYTES, TRIAL_BYTES * 2 ** (failures - 1))))
      log('disk.takes_again', { code: refused?.code, forMs: clock.now() - (refused?.since ?? 0) })
      refused = null
    } catch (error) {
      // Still so; what it failed for last is what is shown.
      if (refused) refused = { ...refused, code: codeOf(error) ?? refused.code }
    } finally {
      await removeDurable(trial).catch(() => undefined)
    }
  }

  async function look(): Promise<void> {
    lookedAt = clock.elapsed()
    // A folder that cannot be looked at is the volume guard's.
    await measure().catch(() => undefined)
    if (refused) await tryWriting()
    if (isBelow('pruning') && clock.elapsed() - prunedAt >= PRUNE_EVERY_MS) {
      prunedAt = clock.elapsed()
      prune().catch((error: unknown) => log('disk.prune_failed', { error }))
    }
  }

  const stopped = (): string[] => (isBelow('few_datasets') ? config.lowest_priority : [])

  return {
    async check() {
      if (clock.elapsed() - lookedAt < LOOK_EVERY_MS && refused === null) return null
      looking ??= look().finally(() => {
        looking = null
      })
      await looking
      return null
    },
    allowsBackfill: () => !isBelow('no_backfill') && refused === null,
    allowsCalls: () => !isBelow('no_calls') && refused === null,
    allows: (dataset) => !stopped().includes(dataset),
    noteFailure(error) {
      const code = codeOf(error)
      if (code === undefined || !FULL.test(code)) return
      if (refused === null) log('disk.refused', { code, freeBytes: room.free })
      // One failure may reach this through several calls under way.
      if (refused === null) failures = clock.elapsed() - failedAt < FORGET_MS ? failures + 1 : 1
      failedAt = clock.elapsed()
      refused = { code, since: refused?.since ?? clock.now() }
    },
    reasons() {
      const found: Reason[] = []
      if (level !== 'ok') {
        const { folder, free, total } = room
        const share = `${sizeText(free)} of ${sizeText(total)} are free at ${folder}`
        found.push({ code: 'disk_low', what: `${share}: ${WHAT_STOPS[level]}`, since, todo: REMEDY })
      }
      if (refused)
        found.push({
          code: 'disk_refuses',
          what: `the disk takes nothing (${refused.code}): no vendor is called`,
          since: refused.since,
          todo: REMEDY,
        })
      return found
    },
    view: () => ({
      level,
      folder: room.folder,
      freeBytes: room.free,
      totalBytes: room.total,
      stopped: stopped(),
      refused: refused?.code ?? null,
    }),
  }
}

const REMEDY = 'free space or use a larger disk (the limits are in config/datasets.yaml under disk)'

const WHAT_STOPS: Record<Exclude<DiskLevel, 'ok'>, string> = {
  no_backfill: 'only the newest data is collected',
  pruning: 'only the newest data is collected, and finished work is pruned',
  few_datasets: 'the datasets of lowest priority are not collected any more',
  no_calls: 'no vendor is called any more',
}

const sizeText = (bytes: number): string =>
  bytes >= GB ? `${(bytes / GB).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`
