/** Whether anybody hears of the node, and whether the last message and the last ping were taken. */
import { shownAddress } from '../../_notify/address.ts'
import { type Delivery, readJournal } from '../../_notify/journal.ts'
import { journalFileOf } from '../connect-receivers.ts'
import type { Settings } from '../settings.ts'
import { type Finding, note, warning, well } from './finding.ts'

const CHECK = 'notifications'

/** A node that runs says itself, as a reason of `/readyz`, that a message was not taken; of one that does not, the journal is read. */
export async function receiverFindings(settings: Settings, isRunning: boolean): Promise<Finding[]> {
  const { webhookUrl, pingUrl } = settings
  if (webhookUrl === null && pingUrl === null) {
    const todo = 'set PING_URL, WEBHOOK_URL or both (docs/operations.md, Messages)'
    return [note(CHECK, 'nobody hears of a night that did not run', todo)]
  }
  const journal = isRunning ? null : await readJournal(await journalFileOf(settings))
  return [
    ...receiver('webhook', 'WEBHOOK_URL', webhookUrl, journal?.last),
    ...receiver('ping', 'PING_URL', pingUrl, journal?.ping?.last),
  ]
}

function receiver(
  name: string,
  variable: string,
  address: string | null,
  last: Delivery | null | undefined,
): Finding[] {
  if (address === null) return []
  const what = `${name} to ${shownAddress(address)}`
  return last == null || last.ok
    ? [well(CHECK, what)]
    : [
        warning(
          CHECK,
          `${what}: the last one was not taken (${last.said})`,
          `see whether it is up, or correct ${variable}`,
        ),
      ]
}
