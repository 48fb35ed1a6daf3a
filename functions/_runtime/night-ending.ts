/** How the last night went: whether it was begun when it was due, how its steps ended, and whether its bundle is complete. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { lastScheduled } from '../../db/ticks/ticks.ts'
import { calendarOf, instantWithinCalendars } from '../_calendar/calendar.ts'
import type { Reason } from '../_http/health.ts'
import { nightOf } from '../_http/night-chain.ts'
import type { Node } from '../_http/node.ts'
import { MANIFEST } from '../_lake/finished-bundles.ts'
import { bundleFolder } from '../_lake/paths.ts'
import type { Dt } from '../_market/dt.ts'
import type { GoodNight } from '../_notify/ping.ts'
import { lastOf } from './chain-state.ts'
import { type Chain, newestDue, nextAfter } from './cron.ts'
import { CATCH_UP_MS } from './invoker.ts'

/** A night begins within seconds; what has not begun after so long needs a person. */
const BEGIN_MS = 3_600_000

export interface NightEndingTerms {
  node: Pick<Node, 'db' | 'now' | 'exportRoot'>
  chains: readonly Chain[]
  /** Epoch ms by the present clock at which this process began. */
  startedAt(): number
}

export interface NightEnding {
  reasons(): Promise<Reason[]>
  /** The last night, where each step was ok and the bundle of its session is made and complete; else null. */
  good(): Promise<GoodNight | null>
  /** When the last night ended whose steps were all ok; null where the last one is not so. Epoch ms. */
  okAt(): Promise<number | null>
}

export function nightEnding(terms: NightEndingTerms): NightEnding {
  const { node, chains } = terms
  const night = nightOf(chains)
  const completeness = bundleCompleteness(() => node.exportRoot)

  async function last() {
    const ended = night === undefined ? null : await lastOf(node.db, night)
    if (ended === null || ended.scheduledAt === null || ended.endedAt === null) return null
    const scheduled = instantWithinCalendars(Date.parse(ended.scheduledAt))
    return {
      ...ended,
      scheduledAt: ended.scheduledAt,
      endedAt: Date.parse(ended.endedAt),
      session: calendarOf('xnys').lastClosed(scheduled),
    }
  }

  return {
    async reasons() {
      if (night === undefined) return []
      const name = night.id === 'night' ? 'night' : `chain ${night.id}`
      const ended = await last()
      const found = await missed(terms, night, name)
      if (ended === null) return found
      if (!ended.ok) {
        const calls = [...new Set(ended.failed.map(({ call }) => call))].join(', ')
        found.push({
          code: 'night_failed',
          what: `the ${name} of ${ended.scheduledAt} ended with steps that were not ok (${calls})`,
          todo: `see why under chains in GET /status, then call POST /run/${night.id}`,
          since: ended.endedAt,
        })
      }
      if ((await completeness(ended.session)) === false) {
        found.push({
          code: 'bundle_incomplete',
          what: `the bundle of ${ended.session} is incomplete`,
          todo: 'see incomplete and lacking in its MANIFEST.json; the next night tries again',
          since: ended.endedAt,
        })
      }
      return found
    },
    async good() {
      const ended = await last()
      if (ended === null || !ended.ok || (await completeness(ended.session)) !== true) return null
      return { id: `${ended.scheduledAt} ${ended.endedAt}`, endedAt: ended.endedAt }
    },
    async okAt() {
      const ended = await last()
      return ended?.ok ? ended.endedAt : null
    },
  }
}

async function missed({ node, startedAt }: NightEndingTerms, night: Chain, name: string): Promise<Reason[]> {
  const last = await lastScheduled(node.db, night.id)
  const due = firstDue(night, last, startedAt())
  // What fell due before this process began is played by its first look.
  if (due === null || Math.max(due, startedAt()) + BEGIN_MS > node.now()) return []
  return [
    {
      code: 'night_missed',
      what: `the ${name} due at ${new Date(due).toISOString()} has not begun`,
      todo: 'look in the log for cron.poll_failed and for what keeps the node from writing; it begins by itself once that is over',
      since: due,
    },
  ]
}

/** The first instant that is to be played, so that the sentence stays the same however many follow. */
function firstDue(night: Chain, last: number | null, startedAt: number): number | null {
  if (last !== null) return nextAfter(night, last)
  const before = night.catch_up ? newestDue(night, startedAt - CATCH_UP_MS, startedAt) : null
  return before ?? nextAfter(night, startedAt)
}

const Completeness = z.object({ complete: z.boolean() })

/** Whether the bundle of a day is complete; null where there is none, or its manifest cannot be read. Reads a manifest once while it stays the same file. */
function bundleCompleteness(exportRoot: () => string) {
  let known: { file: string; isComplete: boolean | null } | null = null
  return async (asof: Dt): Promise<boolean | null> => {
    const path = join(bundleFolder(exportRoot(), asof), MANIFEST)
    try {
      const { ino, size, mtimeMs } = await stat(path)
      const file = `${path} ${ino} ${size} ${mtimeMs}`
      if (known?.file !== file) {
        const { success, data } = Completeness.safeParse(JSON.parse(await readFile(path, 'utf8')))
        known = { file, isComplete: success ? data.complete : null }
      }
      return known.isComplete
    } catch {
      return null
    }
  }
}
