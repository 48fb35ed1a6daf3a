/** The running node as the functions see it. */
import type { DiskRoom, DispatchContext } from '../_catalog/context.ts'
import type { Health, Reason } from './health.ts'
import type { WriteGate, WriteGuard } from './write-gate.ts'

export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Milliseconds that only grow, for durations. */
  elapsed(): number
  /** Waits; ends early, without an error, when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Levels of free disk space, from enough to none. */
export const DISK_LEVELS = ['ok', 'no_backfill', 'pruning', 'few_datasets', 'no_calls'] as const
export type DiskLevel = (typeof DISK_LEVELS)[number]

export interface DiskWatch extends DiskRoom, WriteGuard {
  /** A failure of a function: of one that says that the disk takes nothing, no call is made before a trial write succeeds. */
  noteFailure(error: unknown): void
  reasons(): Reason[]
  /** For `/status`. Bytes are those of the fullest folder. */
  view(): {
    level: DiskLevel
    folder: string
    freeBytes: number
    totalBytes: number
    stopped: string[]
    refused: string | null
  }
}

/** One chain of the schedule, for `/status` and `/cron`; instants as texts. */
export interface ChainState {
  id: string
  /** The newest firing that ended; null before the first. */
  last: {
    scheduledAt: string | null
    endedAt: string | null
    ok: boolean
    /** Steps that were not ok, each with its reason. */
    failed: { call: string; error: string }[]
    /** Steps that their deadline cut off, each with what it did not come to. */
    left: { call: string; left: string }[]
  } | null
  /** The firing under way and its step, counted from 1; null while none is. */
  running: { scheduledAt: string | null; call: string; step: number; steps: number; since: string | null } | null
  /** The next instant of the schedule. */
  nextAt: string | null
}

export interface Schedule {
  list(): Promise<ChainState[]>
  /** Begins a chain for now, or joins the run under way. Returns without waiting for its end; null for an unknown chain. */
  play(chain: string): Promise<{ scheduledAt: number; alreadyRunning: boolean } | null>
}

/** Where backups go, and what of the configuration belongs to them. */
export interface BackupSettings {
  /** BACKUP_ROOT; null where it is not set. */
  folder: string | null
  /** The files of the configuration and of the schedule that this node reads; never one with secrets. */
  configFiles: readonly string[]
  /** Days after which the last good backup is too old. */
  maxAgeDays: number
  /** The mount point of a disk that should be mounted at or above a path and is not; null where there is none. */
  missingMount(path: string): Promise<string | null>
}

/** What a receiver said of a test message. */
export interface TestDelivery {
  /** Scheme and host alone: the rest of an address is a secret. */
  address: string
  format: string
  delivered: boolean
  answer: string
}

export interface Notifications {
  /** Sends a test message at once; null where there is no webhook. */
  test(): Promise<TestDelivery | null>
  reasons(): Reason[]
  /** For `/status`; an object for each receiver, null where it is not set. */
  view(): { webhook: object | null; ping: object | null }
}

export interface Node extends DispatchContext {
  disk: DiskWatch
  clock: Clock
  version: string
  exportRoot: string
  /** Whether anything may be written now. */
  gate: WriteGate
  /** What is wrong with the machine, in words. */
  health: Health
  /** Absent where no schedule runs. */
  schedule?: Schedule
  /** Absent where nobody hears of the node. */
  notifications?: Notifications
  /** Absent where nothing is backed up. */
  backup?: BackupSettings
  /** Aborts when the node begins to stop; absent where it never does. */
  stopping?: AbortSignal
}
