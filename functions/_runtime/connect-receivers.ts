/** The notifier of a node, as environment and configuration want it: with its journal, off the data volume where there is such a place. */
import { hostname } from 'node:os'
import type { Config } from '../../config/schema.ts'
import type { Health } from '../_http/health.ts'
import type { Clock } from '../_http/node.ts'
import { journalFile, openJournal } from '../_notify/journal.ts'
import { createNotifier, type Notifier, type Receivers } from '../_notify/notifier.ts'
import type { GoodNight } from '../_notify/ping.ts'
import type { Log } from './log.ts'
import { realPathOf } from './mounts.ts'
import { freshToken } from './random.ts'
import type { Settings } from './settings.ts'

export const receiversOf = ({ webhookUrl, webhookToken, pingUrl }: Settings): Receivers => ({
  webhook: webhookUrl,
  token: webhookToken,
  ping: pingUrl,
})

export const journalFileOf = async ({ stateDir, dataRoot }: Settings): Promise<string> =>
  journalFile(stateDir, await realPathOf(dataRoot))

export interface ConnectReceiversTerms {
  settings: Settings
  config: Config
  secrets: readonly string[]
  health: Health
  clock: Clock
  log: Log
  goodNight(): Promise<GoodNight | null>
}

/** Null where nobody is to hear of the node. */
export async function connectReceivers(terms: ConnectReceiversTerms): Promise<Notifier | null> {
  const { settings, config, health, ...rest } = terms
  const receivers = receiversOf(settings)
  if (receivers.webhook === null && receivers.ping === null) return null
  const journal = await openJournal({
    file: await journalFileOf(settings),
    holder: freshToken(),
    log: terms.log,
  })
  const { notifications } = config
  const notifier = createNotifier({
    ...rest,
    receivers,
    config: notifications,
    node: notifications.node ?? hostname(),
    journal,
    health,
    freshId: freshToken,
  })
  health.add(notifier.reasons)
  return notifier
}
